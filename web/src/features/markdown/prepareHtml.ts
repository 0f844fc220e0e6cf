const ATTACHMENT = "attachment:";

/** Returns the ids of the attachments that are pictures in the API's HTML of a text. */
export function listPictures(html: string): string[] {
  const sources = html.matchAll(/<img [^>]*?src="attachment:([^"]+)"/g);
  return [...new Set([...sources].map(([, id]) => id ?? ""))];
}

/**
 * Returns the API's HTML of a text with the addresses of its pictures, and with links that open in a
 * new tab. `urls` has the address of each attachment; a picture without one has no source yet.
 */
export function prepareHtml(html: string, urls: Record<string, string | undefined>): string {
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const picture of body.querySelectorAll("img")) {
    const id = (picture.getAttribute("src") ?? "").replace(ATTACHMENT, "");
    const url = urls[id];
    if (url) {
      picture.src = url;
    } else {
      picture.removeAttribute("src");
    }
  }
  for (const link of body.querySelectorAll("a")) {
    link.target = "_blank";
  }
  for (const [index, box] of body.querySelectorAll("input").entries()) {
    box.setAttribute("aria-label", box.parentElement?.textContent.trim() || String(index + 1));
  }
  return body.innerHTML;
}
