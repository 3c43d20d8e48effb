/** The manifest makes this page an app, which on an iPhone alone can be pushed to. Fetched by those who may want one. */
import { h } from "./dom.js";

export function makeInstallable() {
  if (document.querySelector("link[rel=manifest]")) return;
  const href = `${document.documentElement.dataset.assets}/phone.webmanifest`;
  document.head.append(h("link", { rel: "manifest", href }));
}
