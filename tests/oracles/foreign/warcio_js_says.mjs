// What warcio.js (the reader of ReplayWeb.page) reads from WARC files, as JSON lines.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { WARCParser } from "warcio";

const sha1 = (data) => createHash("sha1").update(data).digest("hex");

async function records(path, options) {
  const found = [];
  const parser = new WARCParser(createReadStream(path), options);
  for await (const record of parser) {
    const data = await record.readFully(options.parseHttp && record.httpHeaders !== null && record.warcType === "response");
    found.push({ record, data, offset: parser.offset });
  }
  return found;
}

for (const path of process.argv.slice(2)) {
  const raw = await records(path, { parseHttp: false });
  const parsed = await records(path, { parseHttp: true });
  raw.forEach(({ record, data, offset }, at) => {
    const said = {
      file: path,
      type: record.warcType,
      record_id: record.warcHeader("WARC-Record-ID"),
      uri: record.warcTargetURI ?? null,
      offset,
      block: sha1(data),
    };
    const message = parsed[at].record;
    if (message.httpHeaders && ["response", "revisit"].includes(said.type)) {
      said.status = String(message.httpHeaders.statusCode);
    }
    if (message.httpHeaders && said.type === "response") {
      said.body = sha1(parsed[at].data);
    }
    console.log(JSON.stringify(said));
  });
}
