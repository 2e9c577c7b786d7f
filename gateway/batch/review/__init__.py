"""The policies as a privacy officer reviews them: who gets what, and why one caller does or does not.

house            policies, contracts and registry, read without a server
callers          callers that are asked about: named, or told by a token
matrix           every role, organisation, product and switch, by the engine's own answers
matrix_callers   the organisations and roles of its lines
matrix_products  kinds of products that nobody has made yet
matrix_words     what it says, in Finnish and Swedish
matrix_text      Markdown and CSV
matrix_files     the committed files, written and compared
explain          one question: the ruling, what decided it, and how to get what is missing
explain_words    what it says
explain_text     for the terminal, and JSON
explain_command  `jakelu policy explain`
"""
