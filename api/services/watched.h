// What a watcher was told last, so that it is told only what is new.
#pragma once

#include <google/protobuf/repeated_field.h>

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace lectern::api {

// The state of one watcher; not thread-safe. `Traits` has
//
//   using Item = ...;      // a message with a name
//   using Changes = ...;   // a message with `reset` and `removed`
//   static google::protobuf::RepeatedPtrField<Item>* Items(Changes&);
//   static void Settle(const Item& sent, Item& now);   // makes equal what differs too little to be worth a message
template <typename Traits>
class Watched {
 public:
  using Item = typename Traits::Item;
  using Changes = typename Traits::Changes;

  // What `item` is like now.
  void Put(Item item) {
    auto [sent, fresh] = sent_.try_emplace(item.name());
    if (!fresh && IsSettled(sent->second, item)) return;
    *Traits::Items(changes_)->Add() = item;
    sent->second = std::move(item);
    news_ = true;
  }

  void Remove(const std::string& name) {
    if (sent_.erase(name) == 0) return;
    changes_.add_removed(name);
    news_ = true;
  }

  // These are all that there is.
  void Replace(std::vector<Item> items) {
    std::set<std::string> names;
    for (const Item& item : items) names.insert(item.name());
    std::vector<std::string> gone;
    for (const auto& [name, sent] : sent_) {
      if (names.count(name) == 0) gone.push_back(name);
    }
    for (const std::string& name : gone) Remove(name);
    for (Item& item : items) Put(std::move(item));
  }

  // By name.
  const std::map<std::string, Item>& sent() const { return sent_; }

  // What has come together since the last call, if anything; the first time in any case.
  void Flush(std::vector<Changes>& events) {
    if (begun_ && !news_) return;
    changes_.set_reset(!begun_);
    events.push_back(std::move(changes_));
    changes_ = Changes();
    begun_ = true;
    news_ = false;
  }

 private:
  static bool IsSettled(const Item& sent, Item now) {
    Traits::Settle(sent, now);
    return now.SerializeAsString() == sent.SerializeAsString();
  }

  std::map<std::string, Item> sent_;
  Changes changes_;
  bool begun_ = false;
  bool news_ = false;
};

}  // namespace lectern::api
