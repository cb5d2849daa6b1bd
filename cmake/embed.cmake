# starcast_embed(OUTPUT file.cc NAMESPACE a::b SYMBOL name FILES f...)
#
# Writes a source file with `const std::map<std::string, std::string>& NAME()`: each file's bytes under its name relative
# to the calling folder, so that the executable needs no files beside it. The files stay readable where they are.
function(starcast_embed)
  cmake_parse_arguments(E "" "OUTPUT;NAMESPACE;SYMBOL;BASE" "FILES" ${ARGN})
  if(NOT E_BASE)
    set(E_BASE ${CMAKE_CURRENT_SOURCE_DIR})
  endif()
  set(entries "")
  foreach(file ${E_FILES})
    file(READ ${E_BASE}/${file} text)
    string(FIND "${text}" ")EMBEDDED\"" clash)
    if(NOT clash EQUAL -1)
      message(FATAL_ERROR "${file} holds the delimiter of raw strings")
    endif()
    string(APPEND entries "      {\"${file}\", R\"EMBEDDED(${text})EMBEDDED\"},\n")
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${E_BASE}/${file})
  endforeach()
  file(CONFIGURE OUTPUT ${E_OUTPUT} @ONLY CONTENT
"// Made by cmake/embed.cmake; edit the files themselves.
#include <map>
#include <string>

namespace @E_NAMESPACE@ {
const std::map<std::string, std::string>& @E_SYMBOL@();
const std::map<std::string, std::string>& @E_SYMBOL@() {
  static const std::map<std::string, std::string> files = {
@entries@  };
  return files;
}
}  // namespace @E_NAMESPACE@
")
endfunction()
