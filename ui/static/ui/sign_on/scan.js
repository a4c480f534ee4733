// A code from the camera where the browser reads codes itself. Elsewhere a keyboard wedge or typing does the same.
export const canScan = async () => {
  if (!("BarcodeDetector" in globalThis) || !navigator.mediaDevices?.getUserMedia) return false;
  try { return (await BarcodeDetector.getSupportedFormats()).includes("qr_code"); } catch { return false; }
};

/** Show the camera in `video` until a code is seen; the code, or null when `stop` aborts or there is no camera. */
export async function scan(video, stop) {
  const detector = new BarcodeDetector({ formats: ["qr_code", "code_128", "code_39"] });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
  try {
    video.srcObject = stream;
    await video.play();
    while (!stop.aborted) {
      const [seen] = await detector.detect(video);
      if (seen?.rawValue) return seen.rawValue;
      await new Promise((next) => setTimeout(next, 120));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
}
