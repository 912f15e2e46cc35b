package mix

import (
	"math"
	"slices"
)

// master is the linear program over mixtures of the answers found so far: which
// shares of them, and which purchases, would be cheapest if answers could be
// mixed in any proportion. Its dual values say what CALs are worth; an answer
// that is better at those worths improves it, and when there is none, the
// greatest lower bound of this kind is found. It is small: a row for each
// version of stock that could run out and one that makes the shares add up to 1.
//
// It calculates with floating-point numbers, which is harmless: the worths are
// rounded to whole numbers and each bound is worked out exactly from these.
type master struct {
	*problem
	size    int
	columns []column
	basis   []int // column of each row
	inverse [][]float64
	share   []float64 // value of each basic column
}

type column struct {
	cost   float64
	a      []float64
	answer int // -1 for purchases and slack
}

func newMaster(p *problem, first *answer) *master {
	m := &master{problem: p, size: len(p.rows) + 1}
	for i := range p.rows { // slack
		c := column{a: make([]float64, m.size), answer: -1}
		c.a[i] = 1
		m.columns = append(m.columns, c)
	}
	for _, r := range p.rows { // one CAL bought, of use to its version and older needs
		c := column{cost: float64(p.price[r.metric][r.family][r.version]), a: make([]float64, m.size), answer: -1}
		for j, x := range p.rows {
			if x.metric == r.metric && x.family == r.family && x.version <= r.version {
				c.a[j] = -1
			}
		}
		m.columns = append(m.columns, c)
	}
	m.add(first, 0)
	// What the first answer alone would buy is a start.
	only := m.columns[len(m.columns)-1]
	bought := 0.0
	for i, r := range p.rows { // newest first within a family
		if i > 0 && (p.rows[i-1].metric != r.metric || p.rows[i-1].family != r.family) {
			bought = 0
		}
		if lacks := only.a[i] - bought - float64(r.stock); lacks > 0 {
			bought += lacks
			m.basis = append(m.basis, len(p.rows)+i)
		} else {
			m.basis = append(m.basis, i)
		}
	}
	m.basis = append(m.basis, len(m.columns)-1)
	m.invert()
	return m
}

// add enters an answer as a column.
func (m *master) add(a *answer, number int) {
	c := column{a: make([]float64, m.size), answer: number}
	have := [metrics][Families]bool{}
	for i, r := range m.rows {
		have[r.metric][r.family] = true
		for v := int(r.version); v <= MaxVersion; v++ {
			c.a[i] += float64(a.need[r.metric][r.family][v])
		}
	}
	c.a[m.size-1] = 1
	for k := range a.need {
		for f := range a.need[k] {
			if !have[k][f] { // bought, or in plenty
				for v, n := range a.need[k][f] {
					c.cost += float64(n) * float64(m.price[k][f][v])
				}
			}
		}
	}
	c.cost += float64(a.value.CALs-m.base.value.CALs)*float64(m.scale.cals) +
		float64(a.value.DeviceCALs-m.base.value.DeviceCALs)*float64(m.scale.devices) +
		float64(a.value.Steps-m.base.value.Steps)*float64(m.scale.steps)
	m.columns = append(m.columns, c)
}

// invert works the inverse of the basis out afresh (Gauss and Jordan).
func (m *master) invert() {
	n := m.size
	work := make([][]float64, n)
	for i := range work {
		work[i] = make([]float64, 2*n)
		work[i][n+i] = 1
		for j, c := range m.basis {
			work[i][j] = m.columns[c].a[i]
		}
	}
	for k := range n {
		best := k
		for i := k; i < n; i++ {
			if math.Abs(work[i][k]) > math.Abs(work[best][k]) {
				best = i
			}
		}
		work[k], work[best] = work[best], work[k]
		pivot := work[k][k]
		if pivot == 0 {
			continue
		}
		for j := range work[k] {
			work[k][j] /= pivot
		}
		for i := range work {
			if x := work[i][k]; i != k && x != 0 {
				for j := range work[i] {
					work[i][j] -= x * work[k][j]
				}
			}
		}
	}
	m.inverse, m.share = make([][]float64, n), make([]float64, n)
	for i := range work {
		m.inverse[i] = work[i][n:]
		for j := range n {
			m.share[i] += m.inverse[i][j] * m.right(j)
		}
	}
}

func (m *master) right(i int) float64 {
	if i == len(m.rows) {
		return 1
	}
	return float64(m.rows[i].stock)
}

// solve improves the basis until no column does (the simplex method) and
// returns what CALs of each version are worth.
func (m *master) solve() *[metrics][Families][MaxVersion + 1]float64 {
	n := m.size
	dual := make([]float64, n)
	for pivots := range 50 * (n + 10) {
		if pivots%40 == 39 {
			m.invert()
		}
		for j := range n {
			dual[j] = 0
			for i, c := range m.basis {
				dual[j] += m.columns[c].cost * m.inverse[i][j]
			}
		}
		enter, gain := -1, 0.0
		for c := range m.columns {
			reduced, size := m.columns[c].cost, math.Abs(m.columns[c].cost)
			for j, x := range m.columns[c].a {
				reduced -= dual[j] * x
				size = max(size, math.Abs(dual[j]*x))
			}
			if reduced < -1e-11*size && (reduced < gain || enter < 0) {
				enter, gain = c, reduced
				if pivots > 20*n {
					break // the first that does, so that it cannot go in circles for long
				}
			}
		}
		if enter < 0 {
			break
		}
		leave, least := -1, math.Inf(1)
		step := make([]float64, n)
		for i := range n {
			for j, x := range m.columns[enter].a {
				step[i] += m.inverse[i][j] * x
			}
			if step[i] > 1e-9 {
				if r := max(0, m.share[i]) / step[i]; r < least-1e-12 || r <= least && (leave < 0 || m.basis[i] < m.basis[leave]) {
					leave, least = i, r
				}
			}
		}
		if leave < 0 {
			break
		}
		pivot := step[leave]
		for j := range n {
			m.inverse[leave][j] /= pivot
		}
		m.share[leave] = least
		for i := range n {
			if i == leave || step[i] == 0 {
				continue
			}
			m.share[i] -= step[i] * least
			for j := range n {
				m.inverse[i][j] -= step[i] * m.inverse[leave][j]
			}
		}
		m.basis[leave] = enter
	}
	lambda := new([metrics][Families][MaxVersion + 1]float64)
	for i, r := range m.rows {
		for v := int(r.version); v <= MaxVersion; v++ {
			lambda[r.metric][r.family][v] -= dual[i]
		}
	}
	return lambda
}

// shares are the parts that the answers have in the mixture.
func (m *master) shares(answers int) []float64 {
	part := make([]float64, answers)
	for i, c := range m.basis {
		if k := m.columns[c].answer; k >= 0 {
			part[k] += max(0, m.share[i])
		}
	}
	return part
}

// guide leads to the mixture: the worths, and for stock that it uses up how much
// of it and of what is bought it uses.
func (m *master) guide(w *worth) *guide {
	g := &guide{real: 1.0 / 16}
	unit := float64(m.scale.unit) / float64(m.scale.cost)
	top := 0.0
	for k := range w {
		for f := range w[k] {
			for v := range w[k][f] {
				g.worth[k][f][v] = float64(w[k][f][v]) * unit
				top = max(top, g.worth[k][f][v])
			}
		}
	}
	g.force = top / 2000
	for i, r := range m.rows {
		if slices.Contains(m.basis, i) || slices.Contains(m.basis, len(m.rows)+i) {
			continue // some of it is left, or more is bought: one more or less costs the same
		}
		bought := 0.0
		for j, c := range m.basis {
			if k := c - len(m.rows); k >= 0 && k < len(m.rows) {
				if x := m.rows[k]; x.metric == r.metric && x.family == r.family && x.version >= r.version {
					bought += m.share[j]
				}
			}
		}
		r.stock += int(math.Round(bought))
		g.rows = append(g.rows, r)
	}
	return g
}
