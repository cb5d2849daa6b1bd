// The routes of artifacts: listed, sent, taken and deleted in constant memory.
#pragma once

#include "blob/blob_store.h"
#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking::api {

// `served` keeps what lies under "mlflow-artifacts:/". Both outlive the routes.
void add_artifact_routes(const Mount& mount, Store& store, blob::BlobStore& served);

}  // namespace starcast::tracking::api
