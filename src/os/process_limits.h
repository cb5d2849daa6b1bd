// What a process that serves for long asks of its kernel and of its memory allocator.
#pragma once

#include <cstdint>

namespace starcast::os {

// Lets this process open as many files as it may without more rights; how many that are. Never less than
// before.
std::uint64_t raise_open_files_limit();

// Makes the allocator give large blocks back to the kernel as soon as they are freed, and share its pools
// between threads, so that one large request leaves nothing behind. Call it before there are threads.
void keep_memory_small();

}  // namespace starcast::os
