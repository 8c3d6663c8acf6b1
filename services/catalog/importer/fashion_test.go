package importer_test

import (
	"testing"
)

// Rows as the file of docs/import/fashion-home.yaml has them, with other words.
const fashionRows = `product_name,description,initial_price,final_price,currency,in_stock,color,main_image,category_tree,image_urls,model_number,other_attributes,product_id,brand,all_available_sizes
"Knit Cardigan","Free Returns ✓ Free Shipping✓. Knit Cardigan- Sweaters at SHEIN.",29.99,19.99,"USD",true,"Grey","https://img.example/1.jpg","[{""name"":""Women"",""url"":""https://x.example/w""},{""name"":""Sweaters""}]","[""https://x.example/page.html"",""https://img.example/2.jpg""]","sw2401011234567","[{""name"":""Material"",""value"":""Acrylic""},{""name"":""Color"",""value"":""Grey""}]","101","Warmly","[""S"",""M""]"
"Knit Cardigan","null",29.99,19.99,"USD",false,"Brown","https://img.example/3.jpg","null","null","sw2401011234999","[{""name"":""Material"",""value"":""Acrylic""}]","102","Warmly","[""S"",""M""]"
"Desk Lamp","A lamp.",15.00,15.00,"null",true,"default","https://img.example/4.jpg","[{""name"":""Home""}]","null","null","null","103","null","[""one-size""]"
`

func TestTheShippedMapping(t *testing.T) {
	s := open(t)
	data := write(t, "fashion.csv", fashionRows)
	if sum := s.load(t, fashionHome, data); sum.Created != 2 || sum.Variants != 5 || sum.Rejected != 0 {
		t.Errorf("%s; want 2 products with 5 variants", sum)
	}
	s.same(t, "Knit Cardigan", `
Knit Cardigan | knit-cardigan | PUBLISHED | Warmly
> Women > Sweaters 
"" "Knit Cardigan" []
Material=Acrylic 
https://img.example/1.jpg (Knit Cardigan)
https://img.example/2.jpg (Knit Cardigan)
https://img.example/3.jpg (Knit Cardigan)
- 101-s Color:Grey Size:S 1999 USD was 2999 0g  1.jpg 2.jpg
- 101-m Color:Grey Size:M 1999 USD was 2999 0g  1.jpg 2.jpg
- 102-s Color:Brown Size:S 1999 USD was 2999 0g  3.jpg
- 102-m Color:Brown Size:M 1999 USD was 2999 0g  3.jpg`)
	s.same(t, "Desk Lamp", `
Desk Lamp | desk-lamp | PUBLISHED | 
> Home 
"" "A lamp." []

https://img.example/4.jpg (Desk Lamp)
- 103 1500 USD 0g `)
	if s.levels["101-m"] != 100 || s.levels["102-s"] != 0 || s.levels["103"] != 100 {
		t.Errorf("stock %v", s.levels)
	}
}
