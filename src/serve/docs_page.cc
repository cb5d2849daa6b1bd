#include "serve/docs_page.h"

#include <fmt/format.h>

#include <utility>

#include "core/strings.h"

namespace starcast::serve {

using codec::Json;
using codec::JsonArray;
using codec::JsonMember;
using codec::JsonObject;

namespace {

const JsonObject& members_of(const Json* json) {
  static const JsonObject none;
  if (json == nullptr) return none;
  const auto* const members = std::get_if<JsonObject>(&json->value());
  return members == nullptr ? none : *members;
}

const JsonArray& items_of(const Json* json) {
  static const JsonArray none;
  if (json == nullptr) return none;
  const auto* const items = std::get_if<JsonArray>(&json->value());
  return items == nullptr ? none : *items;
}

std::string text_at(const Json& json, std::string_view name) {
  const Json* const member = json.find(name);
  const auto* const text = member == nullptr ? nullptr : std::get_if<std::string>(&member->value());
  return text == nullptr ? std::string() : *text;
}

// A value as people read it: texts without quotes.
std::string shown(const Json& value) {
  if (const auto* const text = std::get_if<std::string>(&value.value())) return *text;
  return codec::to_text(value, codec::JsonStyle::kCompact);
}

std::string link_to(std::string_view reference) {
  const std::string name(reference.substr(reference.rfind('/') + 1));
  return fmt::format("<a href=\"#schema-{0}\">{0}</a>", escaped(name));
}

// "string or null", "list of Reason", as HTML.
std::string type_html(const Json& schema) {
  if (const std::string reference = text_at(schema, "$ref"); !reference.empty()) return link_to(reference);
  for (const std::string_view any : {"anyOf", "allOf"}) {
    std::vector<std::string> parts;
    for (const Json& part : items_of(schema.find(any))) {
      const std::string html = type_html(part);
      if (!html.empty()) parts.push_back(html);
    }
    if (!parts.empty()) return fmt::format("{}", fmt::join(parts, any == "anyOf" ? " or " : " and "));
  }
  const Json* const type = schema.find("type");
  if (type == nullptr) return schema.find("not") != nullptr ? "" : "any";
  if (const Json* const values = schema.find("enum")) {
    std::vector<std::string> all;
    for (const Json& value : items_of(values)) all.push_back(escaped(shown(value)));
    return fmt::format("{}", fmt::join(all, ", "));
  }
  if (type->is_array()) {
    std::vector<std::string> all;
    for (const Json& each : items_of(type)) all.push_back(escaped(shown(each)));
    return fmt::format("{}", fmt::join(all, " or "));
  }
  const std::string name = shown(*type);
  if (name == "array") {
    const Json* const items = schema.find("items");
    return fmt::format("list of {}", items == nullptr ? "any" : type_html(*items));
  }
  if (name == "object") {
    std::vector<std::string> all;
    for (const JsonMember& member : members_of(schema.find("properties")))
      all.push_back(escaped(member.first));
    if (!all.empty() && all.size() <= 4) return fmt::format("object of {}", fmt::join(all, ", "));
  }
  return escaped(name);
}

// One route.
class Call {
 public:
  Call(const std::string& path, const std::string& method, const Json& operation)
      : path_(path), method_(method), operation_(operation) {}

  std::string html() const {
    std::string html = fmt::format(
        "<details class=\"call\" id=\"{}\"><summary><span class=\"method\">{}</span><span "
        "class=\"path\">{}</span>"
        "<span class=\"quiet\">{}</span></summary><div>",
        escaped(text_at(operation_, "operationId")), upper(), escaped(path_),
        escaped(text_at(operation_, "summary")));
    if (const std::string description = text_at(operation_, "description"); !description.empty())
      html += fmt::format("<p>{}</p>", escaped(description));
    html += form();
    html += responses();
    return html + "</div></details>\n";
  }

 private:
  std::string upper() const {
    std::string text = method_;
    for (char& c : text) c = static_cast<char>(c - 'a' + 'A');
    return text;
  }

  std::string field(const Json& parameter) const {
    const std::string name = text_at(parameter, "name");
    const std::string in = text_at(parameter, "in");
    const Json* const schema = parameter.find("schema");
    const Json* const example = parameter.find("example");
    const Json* const values = schema == nullptr ? nullptr : schema->find("enum");
    const bool is_flag = schema != nullptr && text_at(*schema, "type") == "boolean";
    const std::string id = fmt::format("{}-{}", text_at(operation_, "operationId"), name);
    std::string html = fmt::format("<div><label for=\"{}\">{} <span class=\"quiet\">{}</span></label>",
                                   escaped(id), escaped(name), escaped(text_at(parameter, "description")));
    if (values != nullptr || is_flag) {
      html += fmt::format("<select id=\"{}\" name=\"{}\" data-in=\"{}\"><option value=\"\"></option>",
                          escaped(id), escaped(name), in);
      const JsonArray flags{Json("true"), Json("false")};
      for (const Json& value : is_flag ? flags : items_of(values))
        html += fmt::format("<option>{}</option>", escaped(shown(value)));
      html += "</select></div>";
      return html;
    }
    return html + fmt::format("<input id=\"{}\" name=\"{}\" data-in=\"{}\" value=\"{}\"></div>", escaped(id),
                              escaped(name), in, example == nullptr ? "" : escaped(shown(*example)));
  }

  // Media type, name and text of each example.
  struct Example {
    std::string type;
    std::string name;
    std::string text;
  };
  std::vector<Example> examples() const {
    std::vector<Example> all;
    const Json* const body = operation_.find("requestBody");
    for (const JsonMember& media : members_of(body == nullptr ? nullptr : body->find("content"))) {
      const auto text = [&media](const Json& value) {
        return media.first == "application/json" ? codec::to_text(value, codec::JsonStyle::kPretty)
                                                 : shown(value);
      };
      for (const JsonMember& example : members_of(media.second.find("examples")))
        all.push_back(
            {media.first, example.first,
             text(example.second.find("value") == nullptr ? Json() : *example.second.find("value"))});
      if (const Json* const example = media.second.find("example"))
        all.push_back({media.first, "a row", text(*example)});
    }
    return all;
  }

  std::string form() const {
    const std::string id = text_at(operation_, "operationId");
    std::string html = fmt::format("<form data-method=\"{}\" data-path=\"{}\">", upper(), escaped(path_));
    std::string fields;
    for (const Json& parameter : items_of(operation_.find("parameters"))) fields += field(parameter);
    if (!fields.empty()) html += fmt::format("<div class=\"asks\">{}</div>", fields);
    const std::vector<Example> all = examples();
    if (!all.empty()) {
      html += fmt::format(
          "<label for=\"{0}-example\">Example</label><select id=\"{0}-example\" name=\"example\">",
          escaped(id));
      for (const Example& example : all) {
        html +=
            fmt::format("<option data-type=\"{}\" data-value=\"{}\">{}: {}</option>", escaped(example.type),
                        escaped(example.text), escaped(example.type), escaped(example.name));
      }
      html += fmt::format(
          "</select><label for=\"{0}-body\">Body <span class=\"quiet\">{1}</span></label>"
          "<textarea class=\"code\" id=\"{0}-body\" rows=\"10\" spellcheck=\"false\" "
          "data-type=\"{2}\">{3}</textarea>",
          escaped(id), body_type(), escaped(all.front().type), escaped(all.front().text));
    }
    html += "<div class=\"buttons\"><button>Send</button></div><output aria-live=\"polite\"></output></form>";
    return html;
  }

  std::string body_type() const {
    const Json* const body = operation_.find("requestBody");
    const Json* const content = body == nullptr ? nullptr : body->find("content");
    for (const JsonMember& media : members_of(content)) {
      const Json* const schema = media.second.find("schema");
      if (schema != nullptr) return type_html(*schema);
    }
    return "";
  }

  std::string responses() const {
    std::string html = "<h3>Answers</h3><dl class=\"facts\">";
    for (const JsonMember& response : members_of(operation_.find("responses"))) {
      std::vector<std::string> types;
      for (const JsonMember& media : members_of(response.second.find("content"))) {
        const Json* const schema = media.second.find("schema");
        types.push_back(
            fmt::format("{}: {}", escaped(media.first), schema == nullptr ? "any" : type_html(*schema)));
      }
      html += fmt::format("<dt>{}</dt><dd>{}<br><span class=\"note\">{}</span></dd>", escaped(response.first),
                          escaped(text_at(response.second, "description")), fmt::join(types, "; "));
    }
    return html + "</dl>";
  }

  const std::string& path_;
  const std::string& method_;
  const Json& operation_;
};

std::string schema_html(const JsonMember& schema) {
  std::string html = fmt::format("<h3 id=\"schema-{0}\">{0}</h3>", escaped(schema.first));
  const JsonArray& required = items_of(schema.second.find("required"));
  html +=
      "<div class=\"scroll\"><table><thead><tr><th scope=\"col\">member</th><th scope=\"col\">type</th>"
      "<th scope=\"col\"></th></tr></thead><tbody>";
  for (const JsonMember& property : members_of(schema.second.find("properties"))) {
    bool is_required = false;
    for (const Json& name : required) is_required = is_required || name == Json(property.first);
    std::string says = is_required ? "always there" : "";
    if (const std::string description = text_at(property.second, "description"); !description.empty())
      says += (says.empty() ? "" : "; ") + escaped(description);
    for (const Json& example : items_of(property.second.find("examples")))
      says += fmt::format("{}such as {}", says.empty() ? "" : "; ", isolated(shown(example)));
    html += fmt::format("<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
                        escaped(property.first), type_html(property.second), says);
  }
  return html + "</tbody></table></div>";
}

}  // namespace

Page docs_page(const Json& openapi) {
  const Json* const info = openapi.find("info");
  std::string content = fmt::format(
      "<header><h1>Scoring API</h1><p>{}</p><p class=\"quiet\">Made from <a "
      "href=\"openapi.json\">openapi.json</a>; "
      "publishers may prefer <a href=\"try\">the form</a>.</p><nav aria-label=\"Groups of calls\"><ul>",
      info == nullptr ? "" : escaped(text_at(*info, "description")));
  const JsonArray& tags = items_of(openapi.find("tags"));
  std::vector<std::string> names;
  for (const Json& tag : tags) names.push_back(text_at(tag, "name"));
  const auto anchor = [](const std::string& name) { return core::replaced(name, " ", "-"); };
  std::string groups;
  for (const std::string& name : names) {
    std::string calls;
    for (const JsonMember& path : members_of(openapi.find("paths"))) {
      for (const JsonMember& operation : members_of(&path.second)) {
        const JsonArray& own = items_of(operation.second.find("tags"));
        if (!own.empty() && own.front() == Json(name))
          calls += Call(path.first, operation.first, operation.second).html();
      }
    }
    if (calls.empty()) continue;
    content += fmt::format("<li><a href=\"#{}\">{}</a></li>", escaped(anchor(name)), escaped(name));
    groups += fmt::format("<h2 id=\"{}\">{}</h2>\n{}", escaped(anchor(name)), escaped(name), calls);
  }
  content += "<li><a href=\"#schemas\">schemas</a></li></ul></nav></header>\n<main id=\"main\">\n";
  content +=
      "<noscript><p class=\"banner\">The forms need a script; the examples can be sent by "
      "curl.</p></noscript>\n";
  content += groups;
  content += "<section><h2 id=\"schemas\">Schemas</h2>";
  const Json* const components = openapi.find("components");
  for (const JsonMember& schema : members_of(components == nullptr ? nullptr : components->find("schemas")))
    content += schema_html(schema);
  content += "</section></main>";
  return {"starcast: scoring API", std::move(content), "pages/docs.js"};
}

}  // namespace starcast::serve
