const KEPT = "receptive: own pictures"; // in the tab's sessionStorage, which a reload leaves

export default function ({ parentElement, data, setTriggerValue, setStateValue }) {
  const strip = parentElement.querySelector(".strip");
  strip.setAttribute("aria-label", data.label);
  strip.rxPick = (name) => setTriggerValue("picked", name); // Streamlit calls this function again at each change of data
  const made = JSON.stringify(data.items.map((item) => [item.name, item.source]));
  if (strip.rxMade !== made) {
    if (strip.rxMade === undefined) strip.addEventListener("keydown", (event) => move(strip, event));
    strip.rxMade = made;
    const focused = strip.getRootNode().activeElement?.dataset?.name;
    strip.replaceChildren(...data.items.map((item) => button(strip, item)));
    [...strip.children].find((one) => focused !== undefined && one.dataset.name === focused)?.focus();
    strip.scrollTop = 0; // the newest picture is the first
  }
  mark(strip, data.chosen);
  remember(data, setStateValue);
}

function button(strip, item) {
  const one = document.createElement("button");
  const picture = document.createElement("img");
  one.type = "button";
  one.role = "radio";
  one.dataset.name = item.name;
  one.title = item.title;
  one.setAttribute("role", "radio");
  one.setAttribute("aria-label", item.title);
  one.classList.toggle("small", item.small);
  picture.src = item.source;
  picture.alt = "";
  picture.draggable = false;
  one.append(picture);
  one.addEventListener("click", () => {
    mark(strip, item.name); // at once: the page follows when it has computed
    strip.rxPick(item.name);
  });
  return one;
}

function mark(strip, chosen) {
  const before = strip.rxChosen;
  strip.rxChosen = chosen;
  for (const one of strip.children) {
    const is = one.dataset.name === chosen;
    one.setAttribute("aria-checked", String(is));
    one.tabIndex = is ? 0 : -1; // one stop for the Tab key, the arrows within
    if (is && before !== chosen) reveal(strip, one);
  }
}

/** Scroll the strip, and nothing around it, until a picture is seen. */
function reveal(strip, one) {
  const frame = strip.getBoundingClientRect();
  const box = one.getBoundingClientRect();
  if (box.top < frame.top) strip.scrollTop += box.top - frame.top - 4;
  else if (box.bottom > frame.bottom) strip.scrollTop += box.bottom - frame.bottom + 4;
}

/** Arrows, Home and End move the focus; Enter and Space, which click a button, choose. */
function move(strip, event) {
  const all = [...strip.children];
  const at = all.indexOf(event.target.closest("button"));
  const a_row = all.filter((one) => one.offsetTop === all[0].offsetTop).length;
  const by = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -a_row, ArrowDown: a_row, Home: -at, End: all.length - 1 - at };
  if (at < 0 || !(event.key in by)) return;
  event.preventDefault();
  const next = all[Math.min(Math.max(at + by[event.key], 0), all.length - 1)];
  next.focus({ preventScroll: true });
  reveal(strip, next);
}

/** Tell which pictures of the reader's own another session of this tab had: a reload loses them. */
function remember(data, setStateValue) {
  const own = data.items.filter((item) => item.own).map((item) => item.name);
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    sessionStorage.setItem(KEPT, JSON.stringify({ session: data.session, own }));
    if (!kept || kept.session === data.session) return;
    const lost = kept.own.filter((name) => !own.includes(name));
    if (lost.length) setStateValue("lost", lost);
  } catch {
    // a browser that keeps nothing tells nothing
  }
}
