#include "cli/serving_views.h"

#include <fmt/format.h>

#include <memory>

#include "os/service_notify.h"

namespace starcast::cli {

std::string served_text(const serve::Slots& slots) {
  std::string text;
  for (const serve::Slot* const slot : slots.all()) {
    const std::shared_ptr<const serve::Version> version = slot->current();
    if (!version) continue;
    text += fmt::format("{}{} version {}", text.empty() ? "" : ", ", slot->name(), version->model.version);
  }
  return text.empty() ? "no model yet" : text;
}

codec::JsonArray served_json(const serve::Slots& slots) {
  codec::JsonArray models;
  for (const serve::Slot* const slot : slots.all()) {
    const std::shared_ptr<const serve::Version> version = slot->current();
    if (!version) continue;
    const serve::LoadedModel& model = version->model;
    models.push_back(codec::JsonObject{{"name", slot->name()},
                                       {"version", model.version},
                                       {"uri", model.uri},
                                       {"flavor", model.scorer->flavor()},
                                       {"model_id", model.model_id},
                                       {"run_id", model.run_id}});
  }
  return models;
}

void notify_manager(std::string_view state, const app::Context& context) {
  if (const core::Result<void> told = os::notify_service_manager(state, context.environment); !told) {
    context.log.warning("{}", told.error().message());
  }
}

}  // namespace starcast::cli
