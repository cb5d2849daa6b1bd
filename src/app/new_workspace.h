// new: makes a workspace anywhere: folders, pipeline, params, the declaration of the raw data.
#pragma once

#include <string>
#include <vector>

#include "app/workspace.h"
#include "core/result.h"
#include "listing/sample.h"

namespace starcast::app {

enum class RawData {
  kDeclared,   // data/raw/googleplaystore.csv.dvc declares Kaggle's file; 'data fetch' brings it
  kGenerated,  // a generated sample lies there instead, and params.yaml says so
};

struct NewWorkspaceOptions {
  std::string folder;
  RawData raw = RawData::kDeclared;
  listing::SampleOptions sample;
};

struct NewWorkspaceReport {
  std::vector<std::string> files;  // written, relative to the folder
};

// kAlreadyExists when one of the files is there already: nothing is written then.
core::Result<NewWorkspaceReport> make_workspace(const NewWorkspaceOptions& options, const Context& context);

}  // namespace starcast::app
