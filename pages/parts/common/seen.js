const FOR = 20_000; // ms that a folded part may take to be drawn

// A button that goes to the part of the page whose key is `target`, or to the first figure; once by itself to a part.
export default function ({ parentElement, data }) {
  const button = parentElement.querySelector("button");
  button.textContent = data.label;
  button.onclick = () => go(find(data.target) ?? find(""));
  if (button.rxWent === data.target) return;
  button.rxWent = data.target;
  if (data.target) wait(data.target, performance.now() + FOR);
}

function find(target) {
  const key = target.replaceAll(/[^a-zA-Z0-9_-]/g, "-");
  const main = document.querySelector('[data-testid="stMain"]');
  if (key) return main?.querySelector(`.st-key-${CSS.escape(key)}`);
  return main?.querySelector('[data-testid="stPlotlyChart"], .stBidiComponent:not(.st-key-seen-go .stBidiComponent)');
}

function wait(target, end) {
  const settled = document.querySelector("[data-test-script-state=notRunning]");
  const found = find(target);
  if (found && (settled || performance.now() > end)) return go(found);
  if (performance.now() < end) setTimeout(() => wait(target, end), 300);
}

function go(found) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  found?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}
