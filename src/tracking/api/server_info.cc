#include "tracking/api/server_info.h"

namespace starcast::tracking::api {

void add_server_info_routes(const Mount& mount) {
  mount.add("3.0", http::Method::kGet, "/mlflow/server-info", http::Permission::kNone, "server",
            "getServerInfo", [](const http::Request&) -> core::Result<http::Response> {
              return json_text_response(
                  R"({"store_type":"SqlStore","workspaces_enabled":false,"trace_archival_enabled":false,)"
                  R"("multipart_uploads_enabled":false,"multipart_downloads_enabled":false,)"
                  R"("presigned_upload_run_id_supported":false,"presigned_upload_model_id_supported":false,)"
                  R"("features_enabled":{"gateway":false}})");
            });
}

}  // namespace starcast::tracking::api
