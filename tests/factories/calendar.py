"""A calendar year that no release carries yet, as somebody would load it."""

YEAR_2027 = """\
year = 2027
notice = "国务院办公厅关于2027年部分节假日安排的通知"
document_number = "国办发明电〔2026〕9号"

[[holidays]]
name = "元旦"
first = 2027-01-01
last = 2027-01-03
make_up_working_days = []

[[holidays]]
name = "春节"
first = 2027-02-05
last = 2027-02-11
make_up_working_days = [2027-01-30, 2027-02-20]
"""
