//! What stands in the files.

use calamine::Data;
use serde_json::json;

use crate::common::World;

#[tokio::test]
async fn an_order_becomes_a_workbook_with_typed_cells() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let id = ana
        .order(json!({
            "title": "用户列表", "prefix": "用户 🙂",
            "headers": ["名称", "n", {"title": "born", "type": "date"}, {"title": "seen", "type": "datetime"},
                {"title": "code", "type": "text"}, {"title": "sum", "type": "number"}],
            "data": [
                ["安娜 🙂 \u{1}", 1.5, "1990-02-28", "2026-11-23 20:52:30", 7, -3],
                [true, 9_007_199_254_740_993_u64, null, "", "007", null],
                ["=1+1"],
                [],
                ["http://example.com", false, "1850-01-01"],
            ],
        }))
        .await;
    let (name, sheet) = ana.sheet(id).await;
    assert_eq!(name, "用户列表");
    let row = |number: usize| sheet.rows().nth(number).unwrap().to_vec();
    let text = |text: &str| Data::String(text.into());
    assert_eq!(row(0), ["名称", "n", "born", "seen", "code", "sum"].map(text));
    assert_eq!(row(1)[..2], [text("安娜 🙂 \u{1}"), Data::Float(1.5)]);
    let time = |cell: &Data| match cell {
        Data::DateTime(time) => time.as_f64(),
        other => panic!("not a time: {other:?}"),
    };
    // Days since 1899-12-30.
    assert_eq!(time(&row(1)[2]), 32_932.0);
    assert!((time(&row(1)[3]) - (46_349.0 + (20.0 * 3_600.0 + 52.0 * 60.0 + 30.0) / 86_400.0)).abs() < 1e-9);
    assert_eq!(row(1)[4..], [text("7"), Data::Float(-3.0)]);
    // A double would round this number.
    assert_eq!(
        row(2),
        [Data::Bool(true), text("9007199254740993"), Data::Empty, Data::Empty, text("007"), Data::Empty]
    );
    assert_eq!(row(3)[0], text("=1+1"));
    assert!(row(4).iter().all(|cell| *cell == Data::Empty));
    assert_eq!(row(5)[..3], [text("http://example.com"), Data::Bool(false), text("1850-01-01")]);
}

#[tokio::test]
async fn no_cell_of_a_workbook_is_a_formula() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let id = ana
        .order(json!({"title": "t", "headers": ["=A2"], "data": [["=cmd|' /C calc'!A0"], ["@SUM(1)"]]}))
        .await;
    let file = ana.file(id).await;
    let mut book: calamine::Xlsx<_> = calamine::Reader::new(std::io::Cursor::new(file)).unwrap();
    let formulas = calamine::Reader::worksheet_formula(&mut book, "t").unwrap();
    assert!(formulas.is_empty(), "{formulas:?}");
}

#[tokio::test]
async fn a_csv_is_what_spreadsheets_open_and_calculates_nothing() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let id = ana
        .order(json!({
            "title": "t", "format": "csv", "headers": ["名称", "=x", {"title": "day", "type": "date"}],
            "data": [
                ["say \"hi\", 安娜\n🙂", -1.10, "2026-11-23"],
                ["=1+1", "+1", null], ["-1"], ["@a"], ["\ta"], [12345678901234567890_u64, true],
            ],
        }))
        .await;
    let shown = ana.done(id).await;
    assert!(shown["file_name"].as_str().unwrap().ends_with(&format!("_{id}.csv")), "{shown}");
    let response = ana.download(id).await;
    assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
    let text = String::from_utf8(response.bytes().await.unwrap().to_vec()).unwrap();
    assert_eq!(
        text,
        "\u{feff}名称,'=x,day\r\n\"say \"\"hi\"\", 安娜\n🙂\",-1.1,2026-11-23\r\n'=1+1,'+1,\r\n'-1,,\r\n'@a,,\r\n'\ta,,\r\n\
         12345678901234567890,TRUE,\r\n"
    );
}

#[tokio::test]
async fn many_rows_are_streamed_into_one_file() {
    let world = World::start().await;
    let ana = world.person("ana", &[]).await;
    let rows = 20_000;
    let first = json!({"title": "many", "headers": ["n", "name"], "format": "xlsx"}).to_string();
    let lines: String = (0..rows).map(|row| format!("[{row}, \"name {row}\"]\r\n")).collect();
    let ordered = ana.stream(format!("{first}\n{lines}")).await;
    assert_eq!(ordered.accepted()["total"], rows);
    let (_, sheet) = ana.sheet(ordered.accepted()["id"].as_i64().unwrap()).await;
    assert_eq!(sheet.height(), rows + 1);
    for row in [0, 1, 511, 512, 513, rows - 1] {
        let cells = sheet.rows().nth(row + 1).unwrap();
        assert_eq!(cells, [Data::Float(row as f64), Data::String(format!("name {row}"))]);
    }
}
