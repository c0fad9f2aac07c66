# SPDX-License-Identifier: GPL-2.0-or-later
# optrail_bpf_skeleton(TARGET SOURCE): compiles a BPF program with clang and makes its libbpf
# skeleton. TARGET becomes an interface library that carries the generated header's folder;
# include it as "NAME.skel.h" for NAME.bpf.c.
find_program(BPF_CLANG NAMES clang REQUIRED)
find_program(LLVM_STRIP NAMES llvm-strip REQUIRED)
find_program(BPFTOOL NAMES bpftool PATHS /usr/sbin REQUIRED)

execute_process(COMMAND ${CMAKE_C_COMPILER} -print-multiarch
  OUTPUT_VARIABLE OPTRAIL_MULTIARCH OUTPUT_STRIP_TRAILING_WHITESPACE)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set(OPTRAIL_BPF_ARCH x86)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64")
  set(OPTRAIL_BPF_ARCH arm64)
else()
  set(OPTRAIL_BPF_ARCH ${CMAKE_SYSTEM_PROCESSOR})
endif()

function(optrail_bpf_skeleton target source)
  get_filename_component(file ${source} NAME)
  string(REGEX REPLACE "\\.bpf\\.c$" "" name ${file})
  string(REPLACE "-" "_" identifier ${name})
  set(dir ${CMAKE_CURRENT_BINARY_DIR}/skel)
  set(object ${dir}/${name}.bpf.o)
  set(header ${dir}/${name}.skel.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND ${BPF_CLANG} -target bpf -D__TARGET_ARCH_${OPTRAIL_BPF_ARCH} -g -O2 -std=gnu11
      -Wall -Wextra -Werror -Wno-unused-parameter ${ARGN} -I${PROJECT_SOURCE_DIR}
      -I${PROJECT_BINARY_DIR}/generated -idirafter /usr/include/${OPTRAIL_MULTIARCH}
      -MD -MF ${object}.d -MT ${header} -c ${CMAKE_CURRENT_SOURCE_DIR}/${source} -o ${object}
    COMMAND ${LLVM_STRIP} -g ${object}
    COMMAND ${BPFTOOL} gen skeleton ${object} name ${identifier}_bpf > ${header}
    DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${source} optrail_options_header
    DEPFILE ${object}.d
    COMMENT "BPF ${source}"
    VERBATIM)
  add_custom_target(${target}_gen DEPENDS ${header})
  add_library(${target} INTERFACE)
  target_include_directories(${target} SYSTEM INTERFACE ${dir})
  add_dependencies(${target} ${target}_gen)
endfunction()
