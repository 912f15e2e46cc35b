package main

import (
	"fmt"
	"strings"
)

// The names are invented. 60 first and 80 last names: 61 and 80 have no common
// factor, which fullName relies on to give 4,800 different pairs.
var (
	firstNames = strings.Fields(`Anna Brian Clara David Elena Frank Grace Henry Irene Jack
		Karen Louis Maria Nathan Olivia Peter Quinn Rachel Samuel Tina Ulrich Vera William Xenia Yusuf Zoë
		Amélie Björn Chloé Dieter Émile François Günther Hélène Inès Jérôme Kirsten Léa Marek Noémie
		Owen Paula Renée Stefan Théo Ursula Vincent Wanda Yvonne Zachary Alice Bruno Carmen Diego
		Eva Felix Gina Hugo Ida José`)
	lastNames = strings.Fields(`Adams Baker Carter Dawson Ellis Foster Graham Harris Irving Jensen
		Keller Lambert Mason Norris Osborne Parker Quigley Reed Sanders Turner Underwood Vaughn Walsh Xavier
		Young Zimmer Archer Bennett Collins Dupont Evans Fischer Girard Hansen Ivanov Jordan Kowalski Larsen
		Moreau Nguyen Olsen Petit Quade Rossi Schmidt Tanaka Ulrich Vidal Weber Yates Zeller Abbott
		Brandt Caron Delgado Engel Fournier Garnier Hoffmann Iversen Joly Krüger Lefèvre Müller
		Novak Ortiz Pérez Richter Söderberg Thomsen Urban Vogel Winter Yilmaz Zapata Bauer Cruz Dubois Eriksson Faure`)
)

// ascii spells a name the way it stands in addresses.
var ascii = strings.NewReplacer("ë", "e", "é", "e", "è", "e", "É", "E", "ö", "o", "ü", "u", "ç", "c", "ô", "o")

// name is one invented person's name.
type name struct{ first, last, suffix string }

// fullName returns the i-th name; no two numbers share one.
func fullName(i int) name {
	f, l := len(firstNames), len(lastNames)
	n := name{first: firstNames[i%f], last: lastNames[(i/f+i)%l]}
	if round := i / (f * l); round > 0 {
		n.suffix = fmt.Sprint(round + 1)
	}
	return n
}

func (n name) display() string {
	return strings.TrimSpace(n.first + " " + n.last + " " + n.suffix)
}

// local is the part before the @.
func (n name) local() string {
	return strings.ToLower(ascii.Replace(n.first + "." + n.last + n.suffix))
}

// areas are the area codes in the order in which numbers are given out: the
// company's own first, then every other, so that each number keeps to the
// 555-01xx range which is reserved for fiction.
var areas = func() []int {
	list := []int{425, 206, 617, 508}
	for a := 201; a < 990; a++ {
		switch {
		case a == 425 || a == 206 || a == 617 || a == 508, a%100 == 11, a == 555:
		default:
			list = append(list, a)
		}
	}
	return list
}()

// usNumber gives the i-th number of a set; the company's lines are set 0, the
// outside world is set 1.
func usNumber(set, i int) string {
	return fmt.Sprintf("+1%d55501%02d", areas[i/100*2+set], i%100)
}

// parisNumber stays in 01 99 00, France's range for fiction.
func parisNumber(i int) string { return fmt.Sprintf("+3319900%04d", i) }
