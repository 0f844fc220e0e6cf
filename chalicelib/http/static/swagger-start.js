// Starts Swagger UI; a login tried out on the page signs the page in.
const place = document.getElementById("swagger-ui");

// Swagger UI goes through the whole document for each part of it that somebody opens; of all paths
// it needs only the one.
const onePathAtATime = ({ fn: { resolveSubtree } }) => ({
  fn: {
    resolveSubtree: (spec, [part, name, ...rest], options) => {
      const paths = part === "paths" ? { [name]: spec.paths[name] } : {};
      return resolveSubtree({ ...spec, paths }, [part, name, ...rest], options);
    },
  },
});

// And it renders all that is open at each click; a text that stayed need not be cleaned again.
const textsStay = () => ({
  wrapComponents: {
    Markdown: (Markdown, { React }) => React.memo(Markdown, (was, is) => was.source === is.source),
  },
});

const page = SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  plugins: [onePathAtATime, textsStay],
  responseInterceptor: (response) => {
    if (response.ok && /\/api\/auth\/(login|refresh)\/?$/.test(response.url)) {
      page.preauthorizeApiKey("bearer", JSON.parse(response.text).access);
    }
    return response;
  },
});
