import { milliseconds } from "../format.ts";
import type { ActResult, StepTiming } from "../result.ts";
import { type Html, html } from "./html.ts";

/** The steps of the runbook, with a bar each that shows when it ran. */
export function stepsTable(act: ActResult): Html {
  if (act.steps.length === 0) return html`<p class="note">The runbook has no steps.</p>`;
  const from = Math.min(...act.steps.map((step) => step.startedAt));
  const to = Math.max(...act.steps.map((step) => step.endedAt));
  const rows = act.steps.map((step, index) => row(step, index + 1, act.decisionAt, { from, to }));
  return html`<table class="steps">
<caption>Steps of the runbook, from the journal</caption>
<thead><tr><th scope="col" class="number">#</th><th scope="col">Step</th><th scope="col">Outcome</th><th scope="col" class="number">At</th><th scope="col" class="number">Took</th><th scope="col" class="when" aria-label="When"></th></tr></thead>
<tbody>${rows}</tbody>
</table>`;
}

function row(
  step: StepTiming,
  number: number,
  decisionAt: number,
  all: { readonly from: number; readonly to: number },
): Html {
  const percent = (at: number) => Math.round(((at - all.from) / Math.max(1, all.to - all.from)) * 1000) / 10;
  const left = Math.min(99.4, percent(step.startedAt));
  const width = Math.max(0.6, percent(step.endedAt) - left);
  const detail = step.detail === undefined ? undefined : html`<span class="detail">${step.detail}</span>`;
  return html`<tr>
<td class="number">${number}</td>
<th scope="row">${step.title}${detail}</th>
<td><span class="outcome ${outcomeKind(step.outcome)}">${step.outcome}</span></td>
<td class="number">+${milliseconds(Math.max(0, step.startedAt - decisionAt))}</td>
<td class="number">${milliseconds(step.endedAt - step.startedAt)}</td>
<td class="when"><i style="left:${left}%;width:${width}%"></i></td>
</tr>`;
}

/** Only failures are coloured: everything else went as it should. */
function outcomeKind(outcome: string): string {
  return outcome === "failed" ? "bad" : outcome === "unreachable" ? "warn" : "fine";
}
