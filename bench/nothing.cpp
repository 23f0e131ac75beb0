// The cheapest program there is: what it costs to start it and to see it end, everything costs that starts a program.
int main() {
  return 0;
}
