// What tests/browser/test_layout_in_chromium.py measures; each check gives the texts that fail it, with their numbers.
window.rxLayout = (() => {
  const paint = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const known = new Map();

  /** Any CSS colour as [r, g, b, alpha], of 0 to 255 and of 0 to 1. */
  function rgba(colour) {
    if (!known.has(colour)) {
      paint.canvas.width = paint.canvas.height = 1;
      paint.clearRect(0, 0, 1, 1);
      paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  }

  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const parent = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;

  function luminance([r, g, b]) {
    const [x, y, z] = [r, g, b].map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  }

  function ratio(one, other) {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  }

  /** The elements that hold words of their own, also in shadow roots. */
  function* worded(root) {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) yield* worded(e.shadowRoot);
      const words = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.textContent.trim()).join(" ").trim();
      if (words && !["STYLE", "SCRIPT", "TITLE", "OPTION", "ANNOTATION"].includes(e.tagName.toUpperCase())) yield [e, words];
    }
  }

  /** Whether it can be seen; what screen readers alone read is clipped to a pixel. */
  function seen(e) {
    const box = e.getBoundingClientRect();
    return box.width > 2 && box.height > 2 && e.checkVisibility({ opacityProperty: true, visibilityProperty: true });
  }

  const icon = (e) => /material/i.test(getComputedStyle(e).fontFamily);
  const off = (e) => {
    for (let at = e; at; at = parent(at)) {
      if (at.matches?.(":disabled, [aria-disabled=true], [disabled], .katex-mathml, .modebar-container, .hoverlayer, [inert]")) return true;
    }
    return false;
  };

  function where(e) {
    for (let at = e; at; at = parent(at)) {
      const key = [...(at.classList ?? [])].find((name) => name.startsWith("st-key-"));
      if (key) return key;
      if (at.dataset?.testid) return at.dataset.testid;
    }
    return e.tagName;
  }

  function* shown() {
    for (const part of ["stMain", "stSidebar"]) {
      const root = document.querySelector(`[data-testid=${part}]`);
      if (!root) continue;
      for (const [e, words] of worded(root)) if (seen(e) && !icon(e) && !off(e)) yield [e, words];
    }
  }

  /** Behind an element: the colours of the ancestors that it lies on, over each other; null where one has a picture. */
  function behind(e) {
    const layers = [];
    const box = e.getBoundingClientRect();
    const [x, y] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
    for (let at = e; at; at = parent(at)) {
      const style = getComputedStyle(at);
      const under = at.getBoundingClientRect();
      const hangs = x < under.left || x > under.right || y < under.top || y > under.bottom; // a slider's number does
      if (hangs && style.display !== "contents" && at.tagName !== "HTML" && at.tagName !== "BODY") continue;
      if (style.backgroundImage !== "none") return null;
      const colour = rgba(style.backgroundColor);
      if (colour[3] > 0) layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((base, layer) => over(layer, base), [255, 255, 255, 1]);
  }

  function opacity(e) {
    let total = 1;
    for (let at = e; at; at = parent(at)) total *= Number(getComputedStyle(at).opacity);
    return total;
  }

  const MARKS = ".barlayer, .heatmaplayer, .scatterlayer, .pielayer, .annotation, .shapelayer, .cartesianlayer .plot";

  return {
    /** Words that stand out from what is behind them by less than 4.5:1; large ones by less than 3:1. */
    contrast() {
      const found = [];
      for (const [e, words] of shown()) {
        if (e.closest(MARKS)) continue; // words on marks: core/figures/palette.py chooses their colour
        const style = getComputedStyle(e);
        const ground = behind(e);
        if (!ground) continue;
        const own = rgba(e instanceof SVGElement ? style.fill : style.color);
        const alpha = own[3] * opacity(e);
        if (alpha < 0.1) continue; // nobody is to read it
        const is = ratio(over([own[0], own[1], own[2], alpha], ground), ground);
        const size = parseFloat(style.fontSize);
        const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (is < (large ? 3 : 4.5) - 0.05) found.push(`${is.toFixed(2)}:1 ${words.slice(0, 60)} (${where(e)})`);
      }
      return [...new Set(found)];
    },

    /** Words under 12 px. */
    tiny() {
      const found = [];
      for (const [e, words] of shown()) {
        const size = parseFloat(getComputedStyle(e).fontSize);
        if (size < 11.95) found.push(`${size.toFixed(1)} px ${words.slice(0, 60)} (${where(e)})`);
      }
      return [...new Set(found)];
    },

    /** What makes the page scroll sideways. */
    sideways() {
      const main = document.querySelector("[data-testid=stMain]");
      const root = document.scrollingElement;
      if (main.scrollWidth <= main.clientWidth + 1 && root.scrollWidth <= root.clientWidth + 1) return [];
      const edge = main.getBoundingClientRect().left + main.clientWidth + 1;
      const wide = [...main.querySelectorAll("*")].filter((e) => seen(e) && e.getBoundingClientRect().right > edge);
      return wide.slice(-3).map((e) => `${where(e)} ${e.tagName} ends at ${e.getBoundingClientRect().right.toFixed(0)} px`);
    },

    /** Words outside their figure, or over others of it. */
    figures() {
      const found = [];
      for (const figure of document.querySelectorAll(".js-plotly-plot")) {
        if (!seen(figure)) continue;
        const frame = figure.getBoundingClientRect();
        const texts = [...figure.querySelectorAll("svg text")].filter((t) => t.textContent.trim() && seen(t) && !off(t));
        const placed = texts.map((t) => [t, t.getBoundingClientRect()]);
        const name = (t) => t.textContent.trim().slice(0, 40);
        for (const [t, box] of placed) {
          const out = Math.max(frame.left - box.left, box.right - frame.right, frame.top - box.top, box.bottom - frame.bottom);
          if (out > 2) found.push(`${name(t)}: ${out.toFixed(0)} px outside (${where(figure)})`);
        }
        const level = placed.filter(([t]) => Math.abs((t.getScreenCTM() ?? { b: 0 }).b) < 0.01); // a turned box is not its words'
        for (let i = 0; i < level.length; i++) {
          for (let j = 0; j < i; j++) {
            const [[one, a], [other, b]] = [level[i], level[j]];
            const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (across > 2 && down > 0.3 * Math.min(a.height, b.height)) {
              found.push(`${name(other)} × ${name(one)}: ${across.toFixed(0)} × ${down.toFixed(0)} px (${where(figure)})`);
            }
          }
        }
      }
      return [...new Set(found)].slice(0, 12);
    },

    /** Whether the bar at the top lies over the title. */
    covered() {
      const title = document.querySelector("[data-testid=stMain] h1");
      if (!title) return ["there is no title"];
      const box = title.getBoundingClientRect();
      const top = document.elementFromPoint(box.left + 8, box.top + Math.min(8, box.height / 4));
      return top && (title.contains(top) || top.contains(title)) ? [] : [`${title.textContent.slice(0, 40)}, from ${box.top} px`];
    },

    /** Whether most of the hero, or 300 px of it, can be seen before anything is scrolled. */
    hero() {
      const hero = [...document.querySelectorAll("[class*=rx-hero]")].find(seen);
      if (!hero) return ["there is none: st.container(key='rx-hero')"];
      const box = hero.getBoundingClientRect();
      const shown = Math.min(box.bottom, innerHeight) - Math.max(box.top, 0);
      return shown >= Math.min(0.5 * box.height, 300) ? [] : [`${shown.toFixed(0)} of ${box.height.toFixed(0)} px, from ${box.top.toFixed(0)} px`];
    },

    /** Which of these letters the page's font draws like a letter that no font has. */
    missing(letters) {
      const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
      const pen = canvas.getContext("2d", { willReadFrequently: true });
      const font = getComputedStyle(document.querySelector("[data-testid=stMain] h1")).fontFamily;
      function drawn(letter) {
        pen.clearRect(0, 0, 64, 64);
        pen.font = `40px ${font}`;
        pen.fillText(letter, 4, 50);
        return pen.getImageData(0, 0, 64, 64).data.join();
      }
      const nothing = drawn("\u{10FFFF}");
      return [...letters].filter((letter) => drawn(letter) === nothing);
    },
  };
})();
