# Writes the chat page as a C++ header: cmake -DFOLDER=<page> -DOUTPUT=<header> -P embed_page.cmake
set(header "// Generated from src/emulator/page.\n#pragma once\n\n#include <string_view>\n\n")
string(APPEND header "namespace telekv::emulator::page_data {\n\n")
foreach(entry "kIndexHtml=index.html" "kPageJs=page.js" "kPageCss=page.css")
  string(REGEX MATCH "^(.*)=(.*)$" unused "${entry}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${FOLDER}/${CMAKE_MATCH_2}" content)
  string(APPEND header
         "inline constexpr std::string_view ${name} = R\"telekvpage(" "${content}" ")telekvpage\";\n\n")
endforeach()
string(APPEND header "}  // namespace telekv::emulator::page_data\n")
file(WRITE "${OUTPUT}" "${header}")
