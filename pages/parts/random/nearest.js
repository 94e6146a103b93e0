// Three rows of nearest pictures; the middle one follows the player, which asks fewer and fewer random features.
export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".near");
  const find = (selector) => root.querySelector(selector);
  const told = JSON.stringify({ ...data, stale: "" });
  root.classList.toggle("old", Boolean(data.stale));
  find(".stale").hidden = !data.stale;
  find(".stale").textContent = data.stale;
  if (root.told === told) return;
  root.told = told;
  root.dataset.look = data.look;

  const mine = find("figure img");
  mine.src = data.mine;
  mine.alt = data.words.yours;
  find("figcaption").textContent = data.words.yours;

  const make = (name, className, text) => {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  };

  // What was clicked: enlarged, with its place.
  const closer = (card) => {
    const box = find(".closer");
    const image = make("img");
    image.src = data.pictures[card.picture];
    image.alt = card.name;
    const words = make("div");
    const name = make("b", "", card.name);
    name.lang = "en"; // classes have English names
    words.append(name, make("span", "", card.place));
    box.replaceChildren(image, words);
    root.querySelectorAll(".rows button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.card === card));
    });
  };

  const fill = (section, row) => {
    section.querySelector(".tally").textContent = row.tally;
    row.cards.forEach((card, i) => {
      const button = section.querySelectorAll("button")[i];
      const changed = button.card && button.card.picture !== card.picture;
      button.card = card;
      const image = button.querySelector("img");
      image.src = data.pictures[card.picture];
      image.alt = "";
      button.dataset.same = String(card.same);
      button.querySelector("em").textContent = card.name;
      const kind = card.same ? `, ${data.words.same}` : "";
      button.setAttribute("aria-label", `${i + 1}: ${card.name}${kind}`);
      button.setAttribute("aria-pressed", "false");
      button.onclick = () => closer(button.card);
      if (changed) {
        button.classList.remove("fresh");
        void button.offsetWidth; // begin the animation anew
        button.classList.add("fresh");
      }
    });
  };

  const sections = {};
  find(".rows").replaceChildren(
    ...data.rows.map((row) => {
      const section = make("section");
      const head = make("h5");
      head.append(make("span", "", row.title), make("b", "tally"));
      const list = make("ol");
      row.cards.forEach(() => {
        const item = make("li");
        const button = make("button");
        button.type = "button";
        const name = make("em");
        name.lang = "en"; // classes have English names
        button.append(make("img"), name);
        item.append(button);
        list.append(item);
      });
      section.append(head, list);
      sections[row.space] = section;
      fill(section, row);
      return section;
    }),
  );

  find(".legend").textContent = data.legend;
  find(".legend").hidden = !data.legend;
  const last = data.frames.length - 1;
  const player = rxPlayer(find(".play"));
  player.at = last;
  player.set({
    count: data.frames.length,
    interval: data.interval,
    words: data.words,
    say: (frame) => data.frames[frame].said,
    show: (frame) => {
      find("output").textContent = data.frames[frame].said;
      fill(sections.random, data.frames[frame]);
      if (frame === last && player.timer) player.pause();
    },
  });
  const best = data.rows[data.rows.length - 1];
  closer(best.cards[0]);
  sections[best.space].querySelector("button").setAttribute("aria-pressed", "true");
  if (!root.begun) player.begin();
  root.begun = true;
}
