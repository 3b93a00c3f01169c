#include "api/calls/registry.h"

#include <google/protobuf/descriptor_database.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "lectern/v1/options.pb.h"

namespace lectern::api {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::MethodDescriptor;
using google::protobuf::ServiceDescriptor;

// A wrong registration can only be repaired by whoever changes the code, so it ends the program at its first start.
[[noreturn]] void Die(absl::string_view what, absl::string_view name) {
  std::fprintf(stderr, "handler registry: %s: %s\n", std::string(what).c_str(), std::string(name).c_str());
  std::abort();
}

Who ToWho(v1::Who who) {
  switch (who) {
    case v1::ANYONE:
      return Who::kAnyone;
    case v1::USER:
      return Who::kUser;
    case v1::VIEWER:
      return Who::kViewer;
    case v1::LECTURER:
      return Who::kLecturer;
    case v1::MAINTAINER:
      return Who::kMaintainer;
    case v1::ADMINISTRATOR:
      return Who::kAdministrator;
    case v1::RESOURCE:
      return Who::kResource;
    default:
      return Who::kNobody;
  }
}

bool IsScoped(Who who) { return who == Who::kViewer || who == Who::kLecturer || who == Who::kMaintainer; }

std::vector<const FieldDescriptor*> ScopePath(const MethodDescriptor& method, const std::string& path) {
  std::vector<const FieldDescriptor*> fields;
  const Descriptor* message = method.input_type();
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    const FieldDescriptor* field = message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr || field->is_repeated()) Die("the scope names no field of the request", method.full_name());
    fields.push_back(field);
    message = field->message_type();
  }
  if (fields.back()->type() != FieldDescriptor::TYPE_STRING) Die("the scope is no text field", method.full_name());
  return fields;
}

bool HasSecret(const Descriptor& message) {
  for (int i = 0; i < message.field_count(); ++i) {
    if (message.field(i)->options().GetExtension(v1::secret)) return true;
  }
  return false;
}

std::string PathOf(const MethodDescriptor& method) {
  return absl::StrCat("/", method.service()->full_name(), "/", method.name());
}

void AddMissing(const FileDescriptor& file, const Registry& registry, std::vector<std::string>& missing) {
  for (int s = 0; s < file.service_count(); ++s) {
    const ServiceDescriptor& service = *file.service(s);
    for (int m = 0; m < service.method_count(); ++m) {
      const MethodDescriptor& method = *service.method(m);
      bool handled = method.client_streaming() || registry.Find(PathOf(method)) != nullptr;
      if (!handled || ReadAccess(method).who == Who::kNobody) missing.push_back(method.full_name());
    }
  }
}

// Without a handler.
Method Describe(absl::string_view full_name, const google::protobuf::Message& request, const google::protobuf::Message& response) {
  const MethodDescriptor* descriptor = DescriptorPool::generated_pool()->FindMethodByName(std::string(full_name));
  if (descriptor == nullptr) Die("no such method", full_name);
  if (descriptor->client_streaming()) Die("the method takes a stream of requests", full_name);
  if (descriptor->input_type() != request.GetDescriptor() || descriptor->output_type() != response.GetDescriptor()) {
    Die("the handler has other message types", full_name);
  }
  Method method;
  method.descriptor = descriptor;
  method.short_name = absl::StrCat(descriptor->service()->name(), ".", descriptor->name());
  method.access = ReadAccess(*descriptor);
  method.request = &request;
  method.response = &response;
  return method;
}

}  // namespace

AccessRule ReadAccess(const MethodDescriptor& method) {
  AccessRule rule;
  if (!method.options().HasExtension(v1::access)) return rule;
  const v1::Access& option = method.options().GetExtension(v1::access);
  rule.who = ToWho(option.who());
  rule.audited = option.audited();
  rule.brings_secret = rule.who == Who::kAnyone && HasSecret(*method.input_type());
  if (!option.scope().empty()) rule.scope = ScopePath(method, option.scope());
  if (IsScoped(rule.who) && rule.scope.empty()) Die("the right needs a scope", method.full_name());
  return rule;
}

const Method* Registry::Find(absl::string_view path) const {
  auto found = methods_.find(path);
  return found == methods_.end() ? nullptr : &found->second;
}

void Registry::AddMethod(absl::string_view full_name, const google::protobuf::Message& request,
                         const google::protobuf::Message& response, Method::Handler handler) {
  Method method = Describe(full_name, request, response);
  if (method.descriptor->server_streaming()) Die("the method streams", full_name);
  method.handler = std::move(handler);
  Insert(std::move(method));
}

void Registry::AddStream(absl::string_view full_name, const google::protobuf::Message& request,
                         const google::protobuf::Message& event, absl::Duration interval, Method::Poll poll) {
  Method method = Describe(full_name, request, event);
  if (!method.descriptor->server_streaming()) Die("the method does not stream", full_name);
  method.poll = std::move(poll);
  method.poll_interval = interval;
  Insert(std::move(method));
}

void Registry::Insert(Method method) {
  const std::string path = PathOf(*method.descriptor);
  if (!methods_.emplace(path, std::move(method)).second) Die("the method has a handler already", path);
}

void Registry::SetAllowance(absl::string_view full_name, std::function<std::string(const google::protobuf::Message&)> allowance) {
  const MethodDescriptor* descriptor = DescriptorPool::generated_pool()->FindMethodByName(std::string(full_name));
  const auto method = descriptor == nullptr ? methods_.end() : methods_.find(PathOf(*descriptor));
  if (method == methods_.end()) Die("the method has no handler to limit", full_name);
  method->second.allowance = std::move(allowance);
}

std::vector<std::string> MissingMethods(const Registry& registry) {
  std::vector<std::string> names;
  DescriptorPool::internal_generated_database()->FindAllFileNames(&names);
  std::vector<std::string> missing;
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, "lectern/v1/")) continue;
    AddMissing(*DescriptorPool::generated_pool()->FindFileByName(name), registry, missing);
  }
  return missing;
}

}  // namespace lectern::api
