// Guarded state cannot be reached through a temporary lock, which would be released before the use.
// expect: deleted
#include <vector>

#include "core/guarded.h"

namespace starcast::core {

void add(Guarded<std::vector<int>>& numbers) {
#ifdef STARCAST_BAD
  numbers.lock()->push_back(1);
#else
  auto locked = numbers.lock();
  locked->push_back(1);
#endif
}

}  // namespace starcast::core
