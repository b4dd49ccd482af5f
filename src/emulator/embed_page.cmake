# Writes the chat page as a C++ header:
# cmake -DFOLDER=<page> -DFILES=<names> -DOUTPUT=<header> -P embed_page.cmake
set(type_of_html "text/html; charset=utf-8")
set(type_of_js "text/javascript; charset=utf-8")
set(type_of_css "text/css; charset=utf-8")
set(type_of_svg "image/svg+xml")

set(header "// Generated from src/emulator/page.\n#pragma once\n\n#include \"emulator/page.h\"\n\n")
string(APPEND header "namespace telekv::emulator {\n\ninline constexpr PageFile kPageFiles[] = {\n")
foreach(name IN LISTS FILES)
  string(REGEX REPLACE "^.*\\." "" extension "${name}")
  string(REPLACE "/index.html" "/" path "/${name}")
  file(READ "${FOLDER}/${name}" content)
  string(APPEND header "    {\"${path}\", \"${type_of_${extension}}\",\n"
         "     R\"telekvpage(" "${content}" ")telekvpage\"},\n")
endforeach()
string(APPEND header "};\n\n}  // namespace telekv::emulator\n")
file(WRITE "${OUTPUT}" "${header}")
