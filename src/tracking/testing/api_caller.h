// A store in memory and the routes over it, called without sockets.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "codec/json.h"
#include "core/testing/manual_clock.h"
#include "http/message.h"
#include "http/route_table.h"
#include "tracking/api/wire.h"
#include "tracking/store.h"

namespace starcast::tracking {

// One thread.
class ApiCaller {
 public:
  // Aborts when the store cannot be made: for tests.
  explicit ApiCaller(StoreOptions options = {});

  core::ManualClock& clock() { return clock_; }
  Store& store() { return *store_; }
  // For add_…_routes().
  api::Mount mount() { return {routes_, ""}; }
  const http::RouteTable& routes() const { return routes_; }

  // `target` is below /api/2.0/mlflow/ ("runs/get?run_id=x"), or whole when it starts with '/'; errors as the
  // server answers them. A route that is not there is 404 with an empty body.
  http::Response call(http::Method method, std::string_view target, std::string body = {});

  // A 200's JSON as compact text, else "<status> <error_code>: <message>".
  std::string get(std::string_view target);
  std::string post(std::string_view target, std::string body);
  std::string patch(std::string_view target, std::string body);
  std::string remove(std::string_view target, std::string body = {});

  // One value out of the database, as text; "NULL", or "nothing" when there is no row.
  std::string value(std::string_view sql);
  // Any statement.
  void execute(std::string_view sql);

 private:
  std::string text_of(const http::Response& response);

  core::ManualClock clock_;
  std::unique_ptr<Store> store_;
  http::RouteTable routes_;
};

}  // namespace starcast::tracking
