// Starts Swagger UI. A login that is tried on the page also signs the page in.
const element = document.getElementById("swagger-ui");

// Swagger UI resolves the whole document for each part that a user opens; it needs only one path.
const resolveOnePath = ({ fn: { resolveSubtree } }) => ({
  fn: {
    resolveSubtree: (spec, [part, name, ...rest], options) => {
      const paths = part === "paths" ? { [name]: spec.paths[name] } : {};
      return resolveSubtree({ ...spec, paths }, [part, name, ...rest], options);
    },
  },
});

// Swagger UI renders all open parts at each click; an unchanged text need not be sanitized again.
const keepUnchangedTexts = () => ({
  wrapComponents: {
    Markdown: (Markdown, { React }) =>
      React.memo(Markdown, (before, after) => before.source === after.source),
  },
});

const page = SwaggerUIBundle({
  url: element.dataset.schema,
  domNode: element,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  plugins: [resolveOnePath, keepUnchangedTexts],
  responseInterceptor: (response) => {
    if (response.ok && /\/api\/auth\/(login|refresh)\/?$/.test(response.url)) {
      page.preauthorizeApiKey("bearer", JSON.parse(response.text).access);
    }
    return response;
  },
});
