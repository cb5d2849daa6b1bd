#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "codec/json.h"
#include "serve/docs_page.h"
#include "serve/openapi.h"
#include "serve/page.h"
#include "serve/service.h"
#include "serve/try_page.h"
#include "serve/upload.h"

namespace starcast::serve {

using core::Error;
using core::Result;
using http::Method;
using http::Request;
using http::Response;

namespace {

constexpr std::string_view kResource = "documents";

// The form's file; every error is a page.
class FilePage final : public http::BodyReceiver {
 public:
  FilePage(const Service& service, Request request) : service_(service), request_(std::move(request)) {
    Result<std::unique_ptr<Upload>> upload =
        Upload::create(request_.headers.find("Content-Type").value_or(""), service_.files,
                       service_.options.scratch_folder, service_.clock);
    if (upload) {
      upload_ = std::move(upload).value();
    } else {
      failure_ = std::move(upload).error();
    }
  }

  Result<void> write(std::string_view bytes) override {
    if (failure_) return {};
    Result<void> written = upload_->write(bytes);
    if (!written) failure_ = std::move(written).error();
    return {};
  }

  Result<Response> finish() override {
    if (failure_) return try_error_page(*failure_);
    Result<UploadedFile> file = upload_->finish();
    if (!file) return try_error_page(file.error());
    Place place;
    Result<Response> page = try_file_page(request_, service_, std::move(file).value(), place);
    return page ? std::move(page).value() : try_error_page(page.error());
  }

 private:
  Service service_;
  Request request_;
  std::unique_ptr<Upload> upload_{};
  std::optional<Error> failure_{};
};

}  // namespace

void add_document_routes(http::RouteTable& routes, const Service& service) {
  const auto add = [&routes, &service](std::string_view path, std::string_view name, http::Where where,
                                       http::Handler handler) {
    http::Route route{Method::kGet, service.options.path_prefix + std::string(path), http::Permission::kRead,
                      where, std::move(handler)};
    route.name = name;
    route.resource = kResource;
    routes.add(std::move(route));
  };
  const http::RouteTable* const table = &routes;
  add("/openapi.json", "openapi", http::Where::kPool, [table, service](const Request&) -> Result<Response> {
    Response response;
    response.headers.set("Content-Type", "application/json");
    response.body = codec::to_text(openapi_document(*table, service), codec::JsonStyle::kCompact);
    return response;
  });
  add("/docs", "docs", http::Where::kPool, [table, service](const Request&) -> Result<Response> {
    return page_response(docs_page(openapi_document(*table, service)));
  });
  add("/try", "try", http::Where::kPool,
      [service](const Request& request) -> Result<Response> { return try_page(request, service); });

  http::Route upload{Method::kPost, service.options.path_prefix + "/try", http::Permission::kRead,
                     http::Where::kPool, nullptr};
  upload.receiver = [service](const Request& request) -> Result<std::unique_ptr<http::BodyReceiver>> {
    return std::unique_ptr<http::BodyReceiver>(std::make_unique<FilePage>(service, request));
  };
  upload.name = "tryFile";
  upload.resource = kResource;
  upload.body_bytes_max = service.options.upload_bytes_max;
  routes.add(std::move(upload));
}

}  // namespace starcast::serve
