package rows

import (
	"testing"

	"github.com/mqttwire/mqttwire/compare/against/work"
)

func TestEachRowHasANameOfItsOwnAndAGroup(t *testing.T) {
	seen, groups := map[string]bool{}, map[string]int{}
	for _, r := range All() {
		if name := r.Group + r.Name; seen[name] {
			t.Errorf("%s: %s stands twice", r.Group, r.Name)
		} else {
			seen[name] = true
		}
		groups[r.Group]++
	}
	for _, g := range work.Groups {
		if groups[g] == 0 {
			t.Errorf("no row is in the group %s", g)
		}
		delete(groups, g)
	}
	if len(groups) > 0 {
		t.Errorf("groups that are not shown: %v", groups)
	}
}

func TestEachLoopDoesItsWorkAsOftenAsItIsTold(t *testing.T) {
	for _, r := range All() {
		if once := r.Run(1); r.Run(3) != 3*once {
			t.Errorf("%s: %s: once is %d", r.Group, r.Name, once)
		}
	}
}

func TestWhatIsToBeRefusedIsRefused(t *testing.T) {
	for _, r := range refusals() {
		if r.Run(5) != 5 {
			t.Errorf("%s is accepted", r.Name)
		}
	}
}
