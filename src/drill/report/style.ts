/** The report's only style sheet; nothing is fetched from anywhere. */
export const style = `
:root {
  color-scheme: light dark;
  --page: light-dark(#f4f2ee, #131416); --card: light-dark(#ffffff, #1b1d20); --line: light-dark(#e4e0d8, #2f3237);
  --ink: light-dark(#1d1f23, #eceae6); --soft: light-dark(#686b73, #9b9da4);
  --primary: light-dark(#5878d8, #7d97ea); --mirror: light-dark(#1f9d87, #3fb8a2); --elsewhere: light-dark(#a08fc0, #a595c9);
  --failed: light-dark(#d63a55, #f0657c); --latency: light-dark(#8a5a00, #e0b05a);
  --ok: light-dark(#15795f, #5fd0b0); --ok-back: light-dark(#dff3ec, #17332b);
  --bad: light-dark(#b3203c, #ff8b9d); --bad-back: light-dark(#fbe4e7, #3d1c23);
  --outage: light-dark(#d63a5518, #f0657c26); --cutover: light-dark(#1d1f230b, #ffffff0d);
}
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  -webkit-text-size-adjust: 100%; print-color-adjust: exact; -webkit-print-color-adjust: exact }
main { max-width: 1120px; margin: 0 auto; padding: 48px 24px 64px }
h1, h2, p, dl, dd, figure { margin: 0 }
h1 { font-size: clamp(28px, 4vw, 40px); line-height: 1.12; letter-spacing: -.022em; font-weight: 680 }
h2 { font-size: 22px; letter-spacing: -.012em; font-weight: 650; line-height: 1.25 }
.eyebrow { font-size: 12px; letter-spacing: .09em; text-transform: uppercase; color: var(--soft); font-weight: 600; margin-bottom: 6px }
.soft { color: var(--soft) }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
.top { display: grid; gap: 22px; margin-bottom: 30px }
.top .when { color: var(--soft); margin-top: 8px }
.verdict { display: flex; gap: 18px; align-items: center; padding: 20px 24px; border-radius: 14px; background: var(--ok-back) }
.verdict svg { flex: none; width: 40px; height: 40px; color: var(--ok) }
.verdict b { display: block; font-size: 19px; line-height: 1.3; letter-spacing: -.008em; font-weight: 650; color: var(--ok) }
.verdict.bad { background: var(--bad-back) } .verdict.bad svg, .verdict.bad b { color: var(--bad) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 16px; padding: 26px 28px; margin-top: 22px }
.card > header { display: flex; gap: 20px; justify-content: space-between; align-items: start }
.story { margin-top: 6px }
.site { font-weight: 600; white-space: nowrap } .arrow { margin: 0 6px 0 4px; color: var(--soft) }
.site::before, .key::before { content: ""; display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 7px; background: var(--dot) }
.site.primary, .key.primary { --dot: var(--primary) } .site.mirror, .key.mirror { --dot: var(--mirror) }
.key.failed { --dot: var(--failed) } .key.elsewhere { --dot: var(--elsewhere) }
.key.outage { --dot: var(--outage) } .key.cutover { --dot: var(--cutover) }
.key.outage::before, .key.cutover::before { outline: 1px solid var(--line) }
.chip { flex: none; padding: 5px 12px; border-radius: 99px; font-size: 13px; font-weight: 620; white-space: nowrap }
.chip.ok { color: var(--ok); background: var(--ok-back) } .chip.bad { color: var(--bad); background: var(--bad-back) }
.failure { margin-top: 14px; padding: 10px 14px; border-radius: 8px; color: var(--bad); background: var(--bad-back) }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: 16px 28px; margin-top: 18px }
.figures.main { grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); margin-top: 24px; padding-bottom: 20px; border-bottom: 1px solid var(--line) }
.figures dt { font-size: 13px; color: var(--soft) }
.figures dd { font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums; letter-spacing: -.01em }
.figures.main dd { font-size: 34px; line-height: 1.2; font-weight: 640; letter-spacing: -.025em }
.figures small { display: inline-block; margin-left: 7px; font-size: 13px; font-weight: 400; letter-spacing: 0; color: var(--soft) }
.figures.main small { display: block; margin: 3px 0 0; line-height: 1.4 }
.figures .bad dd { color: var(--bad) }
figure { margin-top: 26px }
.timeline { display: block; width: 100%; height: auto; overflow: visible; font: 11px system-ui, sans-serif; font-variant-numeric: tabular-nums }
.timeline .primary { fill: var(--primary) } .timeline .mirror { fill: var(--mirror) }
.timeline .elsewhere { fill: var(--elsewhere) } .timeline .failed { fill: var(--failed) }
.timeline .grid { stroke: var(--line); stroke-width: 1 } .timeline .axis { stroke: var(--soft) }
.timeline .tick, .timeline .panel { fill: var(--soft) }
.timeline .band.outage { fill: var(--outage) } .timeline .band.cutover { fill: var(--cutover) }
.timeline .band-label, .timeline .mark-label { paint-order: stroke; stroke: var(--card); stroke-width: 4px; stroke-linejoin: round }
.timeline .band-label { fill: var(--bad); font-weight: 600 }
.timeline .latency { fill: none; stroke: var(--latency); stroke-width: 1.8; stroke-linejoin: round; stroke-linecap: round }
.timeline .step { stroke: var(--card); stroke-width: .8; fill: var(--ink) } .timeline .step.even { fill: var(--soft) }
.timeline .step-number { fill: var(--card); font-size: 10px; font-weight: 600 }
.timeline .mark { stroke: var(--ink); stroke-width: 1.2; stroke-dasharray: 3 3 }
.timeline .mark-label { fill: var(--ink); font-size: 12px; font-weight: 600 }
.timeline .mark.bad { stroke: var(--bad) } .timeline .mark-label.bad { fill: var(--bad) }
.timeline .mark.dns { stroke: var(--ok); stroke-dasharray: none; stroke-width: 1.6 } .timeline .mark-label.dns { fill: var(--ok) }
figcaption { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 10px; font-size: 13px }
table { width: 100%; border-collapse: collapse; margin-top: 26px; font-variant-numeric: tabular-nums }
caption { text-align: left; font-size: 13px; color: var(--soft); padding-bottom: 6px }
th, td { text-align: left; font-weight: 400; padding: 7px 10px; border-top: 1px solid var(--line); vertical-align: top }
thead th { font-size: 12px; color: var(--soft); border-top: 0; padding-block: 4px }
th:first-child, td:first-child { padding-left: 0 } th:last-child, td:last-child { padding-right: 0 }
.number { text-align: right; white-space: nowrap } td.number:first-child { color: var(--soft); width: 24px }
.detail { display: block; font-size: 13px; color: var(--soft); overflow-wrap: anywhere }
.outcome { font-size: 13px; color: var(--soft); white-space: nowrap }
.outcome.bad, .outcome.warn { color: var(--bad); font-weight: 600 }
td.when { width: 26%; padding-top: 13px } td.when i { display: block; position: relative; height: 9px; border-radius: 3px; background: var(--ink); opacity: .75 }
.note { margin-top: 14px; padding-left: 14px; border-left: 3px solid var(--line); color: var(--soft); overflow-wrap: anywhere }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 5px 24px; margin-top: 14px } .facts dt { color: var(--soft) }
.facts dd { overflow-wrap: anywhere }
.method { display: grid; gap: 10px; margin-top: 14px; color: var(--soft); max-width: 76ch } .method b { color: var(--ink); font-weight: 600 }
@media (max-width: 700px) {
  main { padding: 28px 14px } .card { padding: 20px 16px } .figures.main { grid-template-columns: 1fr 1fr } .card > header { flex-direction: column; gap: 10px }
  figure { overflow-x: auto } .timeline { min-width: 640px } th.when, td.when { display: none }
}
@page { margin: 12mm }
@media print {
  :root { color-scheme: light; --page: #fff }
  body { font-size: 11px; line-height: 1.4 } main { max-width: none; padding: 0 }
  h1 { font-size: 24px } h2 { font-size: 17px } .top { gap: 12px; margin-bottom: 14px } .verdict { padding: 10px 16px }
  .card { padding: 14px 16px; margin-top: 12px; border-radius: 10px }
  .figures, .figures.main { grid-template-columns: repeat(6, 1fr); gap: 8px 14px; margin-top: 12px }
  .figures.main { grid-template-columns: repeat(4, 1fr); padding-bottom: 10px }
  .figures dt, .figures small, .detail, .outcome, figcaption { font-size: 10px } .figures dd { font-size: 14px } .figures.main dd { font-size: 22px }
  figure, table { margin-top: 12px } th, td { padding-block: 3px } td.when { padding-top: 6px }
  figure, tr, .figures, .verdict, .card:not(.act) { break-inside: avoid } .act { break-before: page }
  .act:first-of-type { break-before: auto }
}
`;
