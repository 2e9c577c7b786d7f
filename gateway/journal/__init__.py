"""The journal: who got what, when and on what ground, durable before anything is served.

leaf      which bytes of an entry are hashed
shape     the fields of each kind of entry
body      builders of the entries of a request;  events: of everything else
guard     what no entry may hold
seal      from a draft to what the store writes
waiting   who waits for the writer;  append: the one writer, group commit, fail closed
recovery  closes the intents of processes that died
failures  counts failed authentications;  verify: checks what a store holds
retention for how long bodies are kept;  pruning: takes those that have expired
"""
