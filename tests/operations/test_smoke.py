def test_x(house):
    house.batch("2026-02-01")
    assert house.incidents() == []
    house.batch("2026-02-02", times=1.609344)
    print(house.kinds(), house.incident().title, house.incident().finding.sentence)
    house.run_jobs()
    print(house.chat.posted, house.chat.card)
    house.late_days(3,5)
    print(house.incidents(), house.kinds(), house.incident().finding.sentence)
    house.run_jobs()
    print(house.chat.card)
