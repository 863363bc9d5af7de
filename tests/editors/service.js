// Asks VS Code's JSON language service: node service.js FOLDER, where FOLDER/node_modules has it.
//
// stdin: {"root": URI, "settings": [{"fileMatch", "url"}], "questions": [{"ask", "uri", "text", "offset"}]}
// stdout: a list of answers. "validate": [[marked text, message], ...]; "hover": text or null;
// "complete": [[label, what is put in, its text], ...] in the order of the service.
// Schemas are read as the editor does: relative to the file that names them, and from the disk alone.
'use strict';
const fs = require('fs');
const path = require('path');
const url = require('url');
const { createRequire } = require('module');
const { getLanguageService, TextDocument } = createRequire(path.resolve(process.argv[2]) + '/')('vscode-json-languageservice');

const input = JSON.parse(fs.readFileSync(0, 'utf8'));
const service = getLanguageService({
    clientCapabilities: { textDocument: { completion: { completionItem: { snippetSupport: true } } } },
    workspaceContext: { resolveRelativePath: (relative, resource) => new URL(relative, resource).toString() },
    schemaRequestService: async (uri) => fs.readFileSync(url.fileURLToPath(uri), 'utf8'),
});
service.configure({
    validate: true,
    schemas: input.settings.map((one) => ({ fileMatch: one.fileMatch, uri: new URL(one.url, input.root).toString() })),
});

async function answer(question) {
    const document = TextDocument.create(question.uri, 'json', 1, question.text);
    const parsed = service.parseJSONDocument(document);
    const position = document.positionAt(question.offset || 0);
    if (question.ask === 'validate') {
        const problems = await service.doValidation(document, parsed);
        return problems.map((problem) => [document.getText(problem.range), problem.message]);
    }
    if (question.ask === 'hover') {
        const hover = await service.doHover(document, position, parsed);
        return hover && hover.contents.join('\n');
    }
    const found = await service.doComplete(document, position, parsed);
    return found.items.map((item) => [item.label, item.textEdit.newText, item.documentation || '']);
}

(async () => {
    const answers = [];
    for (const question of input.questions) {
        answers.push(await answer(question));
    }
    process.stdout.write(JSON.stringify(answers));
})();
