// The player of the annotation's front end: one video, or two side by side, whether a picture has come, and which are held.

const PICTURE_SECONDS = 20;

function makePlayer(footages, names) {
  const [shapes] = footages;
  const tiles = footages.map((footage, place) => h("div", { class: "vpl-tile", role: "group", "aria-label": names[place] },
    names.length > 1 && h("div", { class: "vpl-title" }, names[place]),
    h("div", { class: "vpl-screen" },
      h("video", {
        src: footage.src, "data-key": footage.key, preload: "auto", playsinline: true, "data-frames": footage.frames, "data-fps": footage.fps,
        "aria-label": names[place], class: footage.width * shapes.height === footage.height * shapes.width && "vpl-fits",
      }), h("div", { class: "vpl-progress" })),
    h("div", { class: "vpl-facts" }, h("span", { class: "vpl-frame" }), h("span", {}, `${Number(footage.fps.toPrecision(3))} fps`)),
  ));
  const gallery = h("div", { class: "vpl-gallery", role: "group", "aria-label": "Player", tabindex: "-1", "data-lm-suppress-shortcuts": "true" },
    h("div", { class: "vpl-grid" }, ...tiles));
  gallery.style.setProperty("--columns", footages.length);
  gallery.style.setProperty("--width", "4000px");
  gallery.style.setProperty("--shape", `${shapes.width} / ${shapes.height}`);
  gallery.style.setProperty("--ratio", footages.length * shapes.width / shapes.height);
  return gallery;
}

// A video that was fetched is not yet seen: this waits until every video has a picture or has failed.
// `broken` is called with the reason of a failure, also of a later one.
function waitForPictures(player, broken) {
  return Promise.all([...player.querySelectorAll("video")].map((video) => new Promise((resolve) => {
    const end = (reason) => () => {
      clearTimeout(timer);
      if (reason) broken(reason);
      resolve();
    };
    const timer = setTimeout(end("this browser shows no picture of it"), 1000 * PICTURE_SECONDS);
    const [come, fail] = [end(""), end("this browser cannot play the file")];
    video.addEventListener("loadeddata", come);
    video.addEventListener("error", fail);
    if (video.error) fail();
    else if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) come();
  })));
}

// The videos of the last few items and of the next are held.
function makeReels(link) {
  const reels = new Map();

  function fetch(key) {
    if (!reels.has(key)) {
      const coming = link.footage(key);
      reels.set(key, coming);
      coming.catch(() => reels.delete(key));
      for (const old of reels.keys()) {
        if (reels.size <= 8) break;
        forget(old);
      }
    }
    return reels.get(key);
  }

  function forget(key) {
    reels.get(key)?.then(({ src }) => src.startsWith("blob:") && URL.revokeObjectURL(src), () => {});
    reels.delete(key);
  }

  return { fetch, forget };
}

// tried again until they are here, or until `left` says that nobody waits any more; `tell` hears what is wrong, and of its end
async function loadFootages(keys, reels, left, tell) {
  for (;;) {
    try {
      const footages = await Promise.all(keys.map(async (key) => ({ ...await reels.fetch(key), key })));
      if (!left()) tell("");
      return footages;
    } catch (error) {
      if (!left()) tell(error.message);
      if (!left()) await new Promise((resolve) => setTimeout(resolve, 1000));
      if (left()) return [];
    }
  }
}

function pressPlayer(root, action) { root.querySelector(`.vpl-bar [data-do=${action}]`)?.click(); }

function changeSpeed(root) {
  const rates = [...root.querySelectorAll(".vpl-bar [data-rate]")].reverse();
  const now = rates.findIndex((each) => each.getAttribute("aria-pressed") === "true");
  rates[(now + 1) % rates.length]?.click();
}
