// Starts Swagger UI; a login tried out on the page signs the page in.
const place = document.getElementById("swagger-ui");
const page = SwaggerUIBundle({
  url: place.dataset.schema,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
  responseInterceptor: (response) => {
    if (response.ok && /\/api\/auth\/(login|refresh)\/?$/.test(response.url)) {
      page.preauthorizeApiKey("bearer", JSON.parse(response.text).access);
    }
    return response;
  },
});
