"""The auditor of protected cubes: what an attacker can still find out. Shares no code with the protector.

The attacker has every published number, knows that every cell is the sum of its leaves, that no leaf
is negative, and that nested measures add up; a coalition of areas has all of its own leaves besides.
What it can say of a count is an interval, by linear programming over everything at once. Attacked are

- small counts of the combinations that a contract publishes, latent measures and border pieces
  included: the interval must be as wide as the contract's widths, for the outsider and for every
  coalition whose areas do not overlap the cell;
- sums of the unknown children of one known parent, along any axis, the measures, and the lines that
  crossing divisions imply: a small one is exact, so it is a finding;
- small counts of every other combination of codes: the outsider's interval must be 2 wide. A shorter
  one may hold a single whole number, one of that length always holds two.

Not attacked: sums over several lines as targets, unpublished combinations by insiders, border pieces in
unpublished combinations, larger coalitions, what the protector's way of choosing gives away, groups,
prediction over time. Persons are taken as divisible: whoever reckons with whole ones may know more.
"""

from gateway.attack.attack import attacked as attacked
from gateway.attack.findings import Attacked as Attacked
from gateway.attack.findings import Finding as Finding
from gateway.attack.targets import Kind as Kind
