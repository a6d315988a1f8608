/** The process type that answers in maintenance. */
export const pageProcess = "understudy-maintenance";

const html =
  "<!doctype html><title>Maintenance</title><h1>Down for maintenance</h1><p>Please try again in a minute.</p>";

/**
 * Answers every request with 503. Perl, since every stack has it whatever the app is written in; a child for each
 * connection, so that a slow one holds up nobody.
 */
export const pageCommand = [
  "exec perl -MIO::Socket::INET -e '",
  '$SIG{CHLD}="IGNORE"; $SIG{TERM}=sub{exit 0};',
  '$s=IO::Socket::INET->new(LocalAddr=>$ENV{VCAP_APP_HOST}||"0.0.0.0",LocalPort=>$ENV{PORT}||8080,Listen=>128,ReuseAddr=>1) or die "listen: $!";',
  `$b="${html}";`,
  "for(;;){$c=$s->accept or next; if(fork){close $c; next}",
  "alarm 20; $n=0; while(<$c>){$n=$1 if /^content-length:\\s*(\\d+)/i; last if /^\\r?\\n/}",
  "while($n>0){$r=read($c,$d,$n<65536?$n:65536); last unless $r; $n-=$r}",
  'print $c "HTTP/1.1 503 Service Unavailable\\r\\nRetry-After: 30\\r\\nCache-Control: no-store\\r\\nContent-Type: text/html\\r\\nContent-Length: ".length($b)."\\r\\nConnection: close\\r\\n\\r\\n$b";',
  "close $c; exit 0}'",
].join(" ");

/** A page needs next to nothing. */
export const pageMemoryMb = 64;
