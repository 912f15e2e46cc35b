package mix
import ("testing";"math/rand")
func TestZZBundles(t *testing.T){
 for seed := range 6000 {
  r:=rand.New(rand.NewSource(int64(seed)+777777))
  e:=small(r,4,3,7)
  e.Stock=nil
  for range 1+r.Intn(3) {
    e.Stock=append(e.Stock,Stock{Metric(r.Intn(2)),[]uint8{3,7,5,3,1,2,4,6}[r.Intn(8)],uint8(1+r.Intn(3)),1+r.Intn(2)})
  }
  for m:=range e.Prices { for f:=range e.Prices[m]{ for v:=range e.Prices[m][f]{ e.Prices[m][f][v]=[]int64{0,1,1000,999999999999/1000,3}[r.Intn(5)] }}}
  compareWithNaive(t,e,seed,Solve)
 }
}
