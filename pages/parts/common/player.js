// A play button and a slider over frames, put before a component's own script (pages/parts/common/player.py).
// Streamlit calls a component's function again at each change of its data, on the same root: so the player is made
// once a host and kept there, and what it does goes through its fields, which each call sets anew.
const RX_KEYS = 400; // ms after the last arrow key before a hand counts as gone

function rxPlayer(host) {
  if (host.rxPlayer) return host.rxPlayer;
  host.classList.add("rx-player");
  const button = document.createElement("button");
  const slider = document.createElement("input");
  button.type = "button";
  slider.type = "range";
  slider.min = 0;
  slider.step = 1;
  host.append(button, slider);
  const self = {
    button,
    slider,
    at: 0,
    count: 1,
    interval: 120, // ms a frame
    back: false, // at the end: turn back, or begin anew
    show: () => {}, // (frame) => void
    settled: () => {}, // (frame) => void, after a hand has let go
    say: String, // (frame) => what a screen reader says
    words: { play: "Play", pause: "Pause", slider: "Frame" },
    timer: null,
    step: 1,
    set(fields) {
      Object.assign(self, fields);
      slider.max = Math.max(self.count - 1, 0);
      slider.setAttribute("aria-label", self.words.slider);
      self.go(Math.min(self.at, self.count - 1));
      label();
      return self;
    },
    go(frame) {
      self.at = frame;
      slider.value = frame;
      slider.setAttribute("aria-valuetext", self.say(frame));
      self.show(frame);
    },
    play() {
      if (self.timer || self.count < 2) return;
      self.timer = setInterval(tick, self.interval);
      label();
    },
    pause() {
      clearInterval(self.timer);
      self.timer = null;
      label();
    },
    // Plays by itself, once, unless the reader asked the system for less motion.
    begin() {
      if (!matchMedia("(prefers-reduced-motion: reduce)").matches) self.play();
    },
  };
  function label() {
    button.textContent = self.timer ? "❚❚" : "▶";
    button.setAttribute("aria-label", self.timer ? self.words.pause : self.words.play);
    button.title = button.getAttribute("aria-label");
  }
  function tick() {
    if (!host.isConnected) return self.pause();
    if (document.hidden) return;
    let next = self.at + self.step;
    if (next >= self.count || next < 0) {
      self.step = self.back ? -self.step : 1;
      next = self.back ? self.at + self.step : 0;
    }
    self.go(next);
  }
  button.addEventListener("click", () => (self.timer ? self.pause() : self.play()));
  slider.addEventListener("input", () => {
    self.pause();
    self.go(Number(slider.value));
  });
  // each arrow key is a change of its own, and the page would be drawn again for each
  let keys = false, resting = null;
  slider.addEventListener("keydown", () => (keys = true));
  slider.addEventListener("pointerdown", () => (keys = false));
  slider.addEventListener("change", () => {
    clearTimeout(resting);
    resting = setTimeout(() => self.settled(self.at), keys ? RX_KEYS : 0);
  });
  return (host.rxPlayer = self);
}

/** Whether the page asks of itself for another place than before: `sent` {at, token} is what a hand here has sent last,
 * and `data.heard` the token that the page has heard. A hand that moved on is not taken back to where it was. */
function rxElsewhere(before, data, sent) {
  if (String(before?.chosen) === String(data.chosen)) return false;
  return !sent || (data.heard === sent.token && String(data.chosen) !== String(sent.at));
}

/** A new element of a class, at the end of its parent if it has one. */
function rxElement(kind, name, parent) {
  const made = document.createElement(kind);
  made.className = name;
  parent?.append(made);
  return made;
}
