"""What all pages of this room say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from credentials.profile.words import Label

NAME: Final = Label("通行", "通行", "Tongxing")

TEXTS: Final[Mapping[str, Label]] = {
    "name": NAME,
    "home": Label("通行 首页", "通行 首頁", "Tongxing, home"),
    "languages": Label("语言", "語言", "Language"),
    "entrance": Label("一省签发，各省可验", "一省簽發，各省可驗", "Signed by one province, checked by every other"),
    "entrance_lead": Label(
        "通行是各省互认的健康码：查验时不联系签发方，断网也能用；没有汇集个人信息的中央数据库，也不知道您在哪里出示过。",
        "通行是各省互認的健康碼：查驗時不聯絡簽發方，斷網也能用；沒有匯集個人資料的中央資料庫，也不知道您在哪裏出示過。",
        "Tongxing is a health code that provinces recognise from each other. Checking needs no call to the issuer and "
        "no network. There is no central store of people, and nobody learns where you showed your code.",
    ),
    "roles": Label("这台服务器上有", "這台伺服器上有", "On this server"),
    "about": Label("这是什么", "這是甚麼", "What this is"),
    "state": Label("现在的情况", "現在的情況", "Now"),
    "member": Label("成员", "成員", "Member"),
    "environment": Label("环境", "環境", "Environment"),
    "service": Label("服务", "服務", "Service"),
    "ready": Label("正常", "正常", "working"),
    "not_ready": Label("暂未就绪", "暫未就緒", "not ready yet"),
    "not_production": Label(
        "这不是正式环境：这里的码只用于试验，没有效力。",
        "這不是正式環境：這裏的碼只用於試驗，沒有效力。",
        "Not for real use: codes made here are for trying things out and are good for nothing.",
    ),
    "reference": Label("接口文档", "介面文件", "Interface"),
    "reference_lead": Label(
        "各项请求、内容与回答。条目用英文书写，与机器可读的 OpenAPI 3.1 文件相同。",
        "各項請求、內容與回應。條目以英文書寫，與機器可讀的 OpenAPI 3.1 文件相同。",
        "Every request, its body and its answers: the same as the OpenAPI 3.1 document for machines.",
    ),
    "document": Label("OpenAPI 3.1 文件", "OpenAPI 3.1 文件", "The OpenAPI 3.1 document"),
    "identity": Label("身份验证", "身份驗證", "Authentication"),
    "operations": Label("请求", "請求", "Requests"),
    "schemas": Label("数据结构", "資料結構", "Schemas"),
    "codes": Label("问题代码", "問題代碼", "Problem codes"),
    "codes_lead": Label(
        "每个错误都是一份问题文档（RFC 9457），其中 code 不会改变。",
        "每個錯誤都是一份問題文件（RFC 9457），其中 code 不會改變。",
        "Every error is a problem document (RFC 9457); its code never changes.",
    ),
    "parameters": Label("参数", "參數", "Parameters"),
    "body": Label("请求内容", "請求內容", "Body"),
    "answers": Label("回答", "回應", "Answers"),
    "example": Label("示例", "示例", "Example"),
    "required": Label("必填", "必填", "required"),
    "needs_assertion": Label("须验证身份", "須驗證身份", "authenticated"),
    "open": Label("无须登录", "無須登入", "open"),
    "field": Label("字段", "欄位", "Field"),
    "kind": Label("类型", "類型", "Type"),
    "meaning": Label("含义", "含義", "Meaning"),
    "nothing": Label("目前没有。", "目前沒有。", "Nothing at present."),
    "to_home": Label("回首页", "回首頁", "To the home page"),
    "request_id": Label("求助时请报这个编号：", "求助時請報這個編號：", "If you ask for help, give this number:"),
    "code": Label("代码", "代碼", "Code"),
    "status": Label("HTTP 状态", "HTTP 狀態", "HTTP status"),
}

NO_PAGE: Final = (
    Label("没有这个页面", "沒有這個頁面", "There is no such page"),
    Label(
        "地址可能输错了，或者页面已经搬走。请核对地址，或从首页重新进入。",
        "網址可能輸錯了，或者頁面已經搬走。請核對網址，或從首頁重新進入。",
        "The address may have a typing error, or the page has moved. Check the address, or start from the home page.",
    ),
)
NO_ENTRY: Final = (
    Label("这里只对业务系统开放", "這裏只對業務系統開放", "This is for registered systems"),
    Label(
        "这个地址须凭业务系统自己的密钥进入，浏览器打不开。",
        "這個網址須憑業務系統自己的密鑰進入，瀏覽器打不開。",
        "This address is opened with a system's own key. A browser cannot open it.",
    ),
)
WRONG_REQUEST: Final = (
    Label("这个请求无法处理", "這個請求無法處理", "This request cannot be answered"),
    Label(
        "这个地址不是这样用的。请从首页重新进入；写程序的人请看接口文档。",
        "這個網址不是這樣用的。請從首頁重新進入；寫程式的人請看介面文件。",
        "This address is not used in this way. Start from the home page; programmers find its use in the interface "
        "pages.",
    ),
)
TOO_OFTEN: Final = (
    Label("请求太频繁", "請求太頻繁", "Too many requests"),
    Label(
        "同一网络发来的请求太多，请过一会儿再试。",
        "同一網絡發來的請求太多，請過一會兒再試。",
        "Too many requests came from your network. Try again later.",
    ),
)
NOT_NOW: Final = (
    Label("服务暂时用不了", "服務暫時用不了", "Not available at present"),
    Label(
        "请过几分钟再试。已经领到的健康码照常能出示，卡口照常能查验。",
        "請過幾分鐘再試。已經領到的健康碼照常能出示，卡口照常能查驗。",
        "Try again in a few minutes. Codes that are on phones can be shown and checked as always.",
    ),
)
OUR_FAULT: Final = (
    Label("服务器出错了", "伺服器出錯了", "Something went wrong here"),
    Label(
        "这是我们的问题，已经记录下来。请过一会儿再试。",
        "這是我們的問題，已經記錄下來。請過一會兒再試。",
        "The fault is ours and has been recorded. Try again later.",
    ),
)

ENVIRONMENTS: Final[Mapping[str, Label]] = {
    "production": Label("正式", "正式", "production"),
    "test": Label("测试", "測試", "test"),
    "demo": Label("演示", "示範", "demonstration"),
}
