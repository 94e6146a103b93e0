// Noisy photo, what the code at one lambda rebuilds of it, and the answers: one slider plays all lambdas.
// Streamlit calls the function below again at each change of data, on the same root: where the slider stands stays there.
export default function ({ parentElement, data, setStateValue }) {
  const root = parentElement.querySelector(".rebuilt");
  const other = String(root.data?.of) !== String(data.of); // another picture, noise or network
  const elsewhere = other || rxElsewhere(root.data, data, root.sent);
  const lam = elsewhere ? data.chosen : root.data.lams[rxPlayer(root.parts.bar).at]; // more of them may be known now
  Object.assign(root, { data, send: setStateValue });
  if (!root.parts) make(root);
  draw(root, elsewhere, nearest(data.lams, lam));
}

function nearest(lams, lam) {
  const far = lams.map((one) => Math.abs(one - lam));
  return far.indexOf(Math.min(...far));
}

function make(root) {
  const scene = rxElement("div", "scene", root);
  const noisy = pane(scene, "noisy"), rebuilt = pane(scene, "made");
  const clean = rxElement("button", "clean", noisy.stage);
  clean.type = "button";
  clean.addEventListener("click", () => {
    root.clean = !root.clean;
    still(root);
  });
  const track = rxElement("div", "track", scene), answers = rxElement("div", "answers", scene);
  const [bar, ticks, scale, legend] = ["bar", "ticks", "scale", "legend"].map((name) => rxElement("div", name, track));
  root.parts = { noisy, rebuilt, clean, answers, bar, ticks, scale, legend };
}

function pane(scene, name) {
  const figure = rxElement("figure", name, scene);
  const stage = rxElement("div", "stage", figure), image = rxElement("img", "", stage);
  image.draggable = false;
  return { figure, stage, image, caption: rxElement("figcaption", "", figure) };
}

function draw(root, elsewhere, at) {
  const { data, parts } = root;
  for (const { image } of [parts.noisy, parts.rebuilt]) image.classList.toggle("cells", data.cells);
  root.style.setProperty("--count", data.lams.length);
  root.toggleAttribute("data-dark", data.dark);
  parts.clean.hidden = data.noisy === data.clean;
  still(root);
  parts.answers.replaceChildren();
  root.lists = data.groups.map((group) => list(parts.answers, group));
  marks(root);
  const player = rxPlayer(parts.bar);
  player.set({
    at,
    count: data.lams.length,
    interval: 170,
    back: true,
    words: data.player,
    say: (at) => said(data, at),
    show: (at) => show(root, at),
    settled: (at) => settle(root, at),
  });
  if (!root.listening) {
    root.listening = true;
    player.button.addEventListener("click", () => player.timer || settle(root, player.at));
    player.slider.addEventListener("pointerdown", () => (root.opening = false));
  }
  if (elsewhere) {
    root.sent = null;
    player.pause();
    if (data.begins && !root.begun) {
      root.begun = root.opening = true;
      player.step = 1;
      player.at = 0;
      player.begin();
      if (!player.timer) player.at = at;
    }
  }
}

function said(data, at) {
  const [label, share] = data.groups[0].best[at][0];
  return `λ = ${data.lams[at]}: ${label}, ${percent(share)}`;
}

function percent(share) {
  return `${Math.round(100 * share)}%`;
}

/** The left picture: with its noise, or for comparison without. */
function still(root) {
  const { data, parts } = root;
  const clean = root.clean && data.noisy !== data.clean;
  parts.noisy.image.src = clean ? data.clean : data.noisy;
  parts.noisy.image.alt = parts.noisy.caption.textContent = clean ? data.words.clean : data.words.noisy;
  parts.clean.textContent = clean ? data.words.back : data.words.without;
  parts.clean.setAttribute("aria-pressed", String(clean));
}

function list(parent, group) {
  const section = rxElement("section", "", parent);
  const title = rxElement("h5", "", section), verdict = rxElement("p", "", section), list = rxElement("ol", "", section);
  const rows = group.best[0].map(() => {
    const row = rxElement("li", "", list);
    const label = rxElement("b", "", row), share = rxElement("i", "", row);
    const bar = rxElement("em", "", rxElement("span", "", row));
    bar.style.background = group.colour;
    return { label, share, bar };
  });
  return { title, verdict, rows };
}

/** A mark a lambda: a disc where the answer is that without noise, a cross where it is another. */
function marks(root) {
  const { data, parts } = root;
  const row = parts.ticks, player = rxPlayer(parts.bar);
  row.replaceChildren();
  data.lams.forEach((_, at) => {
    const mark = rxElement("button", data.groups[0].right[at] ? "right" : "wrong", row);
    mark.type = "button";
    mark.tabIndex = -1; // the slider is the keyboard's
    mark.setAttribute("aria-label", said(data, at));
    mark.title = mark.getAttribute("aria-label");
    mark.addEventListener("click", () => {
      root.opening = false;
      player.pause();
      player.go(at);
      settle(root, at);
    });
  });
  parts.scale.replaceChildren();
  for (const [at, words] of data.scale) {
    const label = rxElement("span", "", parts.scale);
    label.textContent = words;
    label.style.setProperty("--at", at);
    if (at === data.lams.length - 1) label.className = "last";
  }
  parts.legend.replaceChildren();
  for (const kind of ["right", "wrong"]) {
    const item = rxElement("span", "", parts.legend);
    rxElement("i", kind, item);
    item.append(data.words[kind]);
  }
}

function show(root, at) {
  const { data, parts } = root;
  parts.rebuilt.image.src = data.rebuilt[at];
  parts.rebuilt.caption.textContent = parts.rebuilt.image.alt = data.captions[at];
  data.groups.forEach((group, g) => {
    const { title, verdict, rows } = root.lists[g];
    const moves = group.best.length > 1, frame = moves ? at : 0, right = group.right[frame];
    title.textContent = moves ? `${group.title} · λ = ${data.lams[at].toFixed(2)}` : group.title;
    verdict.textContent = data.words[right ? "right" : "wrong"];
    verdict.className = right ? "right" : "wrong";
    rows.forEach(({ label, share, bar }, i) => {
      const [name, probability] = group.best[frame][i];
      label.textContent = name;
      share.textContent = percent(probability);
      bar.style.width = `${100 * probability}%`;
    });
  });
  [...parts.ticks.children].forEach((mark, i) => mark.toggleAttribute("data-here", i === at));
  const player = rxPlayer(parts.bar);
  if (root.opening && at === data.lams.length - 1 && player.timer) { // once through, and back to what is asked for
    root.opening = false;
    player.pause();
    player.go(nearest(data.lams, data.chosen));
  }
}

/** What a hand has chosen goes to the page. */
function settle(root, at) {
  root.opening = false;
  const lam = root.data.lams[at];
  if (lam === (root.sent?.at ?? root.data.chosen)) return;
  root.sent = { at: lam, token: Date.now() };
  root.send("chosen", [lam, root.sent.token]);
}
