(() => {
  "use strict";
  // JupyterLab and a page run this once for every gallery: each run takes those that are not ready yet
  for (const root of document.querySelectorAll(".vpl-gallery:not([data-ready])")) {
    root.dataset.ready = "";
    conduct(root);
  }

  // made here, so that a page on which no script runs shows no buttons that do nothing
  function makeBar() {
    const icon = (path) =>
      `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="${path}"/></svg>`;
    const button = (action, label, key, inside) =>
      `<button type="button" data-do="${action}" aria-label="${label}" title="${label} (${key})">${inside}</button>`;
    const speed = (rate, name) =>
      `<button type="button" data-rate="${rate}" aria-pressed="${rate === 1}" aria-label="Speed ${rate}" ` +
      `title="Speed ${rate}">×${name}</button>`;
    const bar = document.createElement("div");
    bar.className = "vpl-bar";
    bar.innerHTML = [
      button("play", "Play all", "space",
        `<span class="vpl-when-paused">${icon("M7 4.5v15l13-7.5z")}</span>` +
        `<span class="vpl-when-playing">${icon("M6 5h4.5v14H6zM13.5 5H18v14h-4.5z")}</span>`),
      button("restart", "Restart all", "Home", icon("M5 5h2.5v14H5zM20 5v14L9 12z")),
      button("back", "One frame back", "←", icon("M16.5 5h2.5v14h-2.5zM14 6v12l-9-6z")),
      button("forward", "One frame forward", "→", icon("M5 5h2.5v14H5zM10 6v12l9-6z")),
      '<input type="range" class="vpl-slider" min="0" step="any" aria-label="Position in seconds">',
      '<span class="vpl-time"></span>',
      `<span role="group" aria-label="Speed">${speed(0.25, "¼")}${speed(0.5, "½")}${speed(1, "1")}</span>`,
      button("loop", "Loop", "start again at the end", icon(
        "M17 2.5l4.5 4-4.5 4V7.6H7.2a2.6 2.6 0 0 0-2.6 2.6V12H2.5v-1.8a4.7 4.7 0 0 1 4.7-4.7H17z" +
        "M7 21.5l-4.5-4 4.5-4v2.9h9.8a2.6 2.6 0 0 0 2.6-2.6V12h2.1v1.8a4.7 4.7 0 0 1-4.7 4.7H7z")),
    ].join("");
    return bar;
  }

  function conduct(root) {
    if (!root.querySelector("video")) return;
    const bar = makeBar();
    root.prepend(bar);
    const play = bar.querySelector("[data-do=play]");
    const loop = bar.querySelector("[data-do=loop]");
    const slider = bar.querySelector(".vpl-slider");
    const time = bar.querySelector(".vpl-time");
    let clips = [...root.querySelectorAll(".vpl-screen video")].map((video) => {
      const frames = Number(video.dataset.frames);
      const fps = Number(video.dataset.fps);
      const tile = video.closest(".vpl-tile");
      return {
        video, frames, fps, length: frames / fps,
        frame: tile.querySelector(".vpl-frame"), progress: tile.querySelector(".vpl-progress"),
      };
    });
    const total = Math.max(...clips.map((clip) => clip.length));
    const step = 1 / Math.max(...clips.map((clip) => clip.fps));
    let position = 0; // seconds, of all clips
    let rate = 1;
    let playing = false;
    let last = 0;
    let waited = 0;

    const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
    const press = (button, on) => button.setAttribute("aria-pressed", String(on));
    const number = (clip) => clamp(Math.floor(position * clip.fps + 1e-6), 0, clip.frames - 1);
    // the middle of a frame is that frame, however times are rounded
    const middle = (clip) => (number(clip) + 0.5) / clip.fps;

    function draw() {
      slider.value = position;
      const text = position.toFixed(2);
      time.textContent = `${text} / ${total.toFixed(2)} s`;
      slider.setAttribute("aria-valuetext", `${text} of ${total.toFixed(2)} seconds`);
      for (const clip of clips) {
        clip.frame.textContent = `frame ${number(clip) + 1} / ${clip.frames}`;
        clip.progress.style.transform = `scaleX(${clamp(position / clip.length, 0, 1)})`;
      }
    }

    function seek(seconds) {
      position = clamp(seconds, 0, total);
      for (const clip of clips) {
        const target = playing && position < clip.length ? position : middle(clip);
        if (Math.abs(clip.video.currentTime - target) > 1e-3) clip.video.currentTime = target;
      }
      draw();
    }

    function pause() {
      playing = false;
      delete root.dataset.playing;
      play.setAttribute("aria-label", "Play all");
      for (const clip of clips) clip.video.pause();
      seek(position);
    }

    function start() {
      playing = true;
      root.dataset.playing = "";
      play.setAttribute("aria-label", "Pause all");
      for (const clip of clips) clip.video.preload = "auto";
      seek(position > total - step / 2 ? 0 : position);
      last = performance.now();
      waited = 0;
      requestAnimationFrame(tick);
    }

    // one clock for all: it waits for clips that lag, and clips that are ahead wait for it
    function tick(now) {
      if (!playing) return;
      if (!root.isConnected) return pause();
      const gap = Math.max(0, now - last) / 1000;
      last = now;
      const running = clips.filter((clip) => position < clip.length);
      const waiting = running.some(({ video }) => {
        const ahead = video.currentTime - position;
        return ahead < -0.15 || (ahead < 0.03 && (video.readyState < 3 || video.seeking));
      });
      waited = waiting ? waited + gap : 0;
      if (!waiting || waited > 5) position += Math.min(gap, 0.1) * rate;
      if (position >= total) {
        if (loop.getAttribute("aria-pressed") !== "true") {
          position = total;
          return pause();
        }
        seek(0);
      }
      for (const clip of clips) follow(clip);
      draw();
      requestAnimationFrame(tick);
    }

    function follow(clip) {
      const { video } = clip;
      if (position >= clip.length) {
        if (!video.paused) video.pause();
        const target = middle(clip);
        if (!video.seeking && Math.abs(video.currentTime - target) > 0.6 / clip.fps) video.currentTime = target;
        return;
      }
      const ahead = video.currentTime - position;
      if (Math.abs(ahead) > 1 && !video.seeking) video.currentTime = position;
      if (ahead > (video.paused ? 0.03 : 0.15)) {
        video.pause();
        return;
      }
      if (video.paused) video.play().catch(() => {});
      video.playbackRate = rate * clamp(1 - 3 * ahead / rate, 0.5, 1.5);
    }

    function go(seconds) {
      if (playing) pause();
      seek(seconds);
    }

    const actions = {
      play: () => (playing ? pause() : start()),
      restart: () => seek(0),
      // to the middle of the next frame of the fastest clip, or of the one before
      back: () => go((Math.floor(position / step + 1e-6) - 0.5) * step),
      forward: () => go((Math.floor(position / step + 1e-6) + 1.5) * step),
      end: () => go(total),
      loop: () => press(loop, loop.getAttribute("aria-pressed") !== "true"),
    };
    const keys = { " ": "play", ArrowLeft: "back", ArrowRight: "forward", Home: "restart", End: "end" };

    bar.addEventListener("click", (event) => {
      const button = event.target.closest("button");
      if (!button) return;
      if (button.dataset.do) actions[button.dataset.do]();
      if (button.dataset.rate) {
        rate = Number(button.dataset.rate);
        for (const other of bar.querySelectorAll("[data-rate]")) press(other, other === button);
      }
    });
    slider.addEventListener("input", () => seek(Number(slider.value)));
    root.addEventListener("keydown", (event) => {
      const onButton = event.target.closest("button, a") !== null;
      const action = keys[event.key];
      if (!action || event.altKey || event.ctrlKey || event.metaKey || (event.key === " " && onButton)) return;
      event.preventDefault();
      event.stopPropagation();
      actions[action]();
    });
    const drop = (clip) => {
      clips = clips.filter((other) => other !== clip);
      clip.frame.textContent = "this browser cannot play the file";
    };
    for (const clip of [...clips]) {
      const { video } = clip;
      video.controls = false;
      video.loop = false;
      video.muted = true;
      video.addEventListener("click", () => actions.play());
      video.addEventListener("error", () => drop(clip));
      if (video.error) drop(clip);
    }
    slider.max = total;
    press(loop, !matchMedia("(prefers-reduced-motion: reduce)").matches);
    draw();
  }
})();
