"""What all pages of this room say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from service_kit.front.language import Said

NAME: Final = Said("通行", "通行", "Tongxing")

TEXTS: Final[Mapping[str, Said]] = {
    "name": NAME,
    "home": Said("通行 首页", "通行 首頁", "Tongxing, home"),
    "languages": Said("语言", "語言", "Language"),
    "entrance": Said("一省签发，各省可验", "一省簽發，各省可驗", "Signed by one province, checked by every other"),
    "entrance_lead": Said(
        "通行是各省互认的健康码：查验时不联系签发方，断网也能用；没有汇集个人信息的中央数据库，也不知道您在哪里出示过。",
        "通行是各省互認的健康碼：查驗時不聯絡簽發方，斷網也能用；沒有匯集個人資料的中央資料庫，也不知道您在哪裏出示過。",
        "Tongxing is a health code that provinces recognise from each other. Checking needs no call to the issuer and "
        "no network. There is no central store of people, and nobody learns where you showed your code.",
    ),
    "roles": Said("这台服务器上有", "這台伺服器上有", "On this server"),
    "about": Said("这是什么", "這是甚麼", "What this is"),
    "state": Said("现在的情况", "現在的情況", "Now"),
    "member": Said("成员", "成員", "Member"),
    "environment": Said("环境", "環境", "Environment"),
    "service": Said("服务", "服務", "Service"),
    "ready": Said("正常", "正常", "working"),
    "not_ready": Said("暂未就绪", "暫未就緒", "not ready yet"),
    "not_production": Said(
        "这不是正式环境：这里的码只用于试验，没有效力。",
        "這不是正式環境：這裏的碼只用於試驗，沒有效力。",
        "Not for real use: codes made here are for trying things out and are good for nothing.",
    ),
    "reference": Said("接口文档", "介面文件", "Interface"),
    "reference_lead": Said(
        "各项请求、内容与回答。条目用英文书写，与机器可读的 OpenAPI 3.1 文件相同。",
        "各項請求、內容與回應。條目以英文書寫，與機器可讀的 OpenAPI 3.1 文件相同。",
        "Every request, its body and its answers: the same as the OpenAPI 3.1 document for machines.",
    ),
    "document": Said("OpenAPI 3.1 文件", "OpenAPI 3.1 文件", "The OpenAPI 3.1 document"),
    "identity": Said("身份验证", "身份驗證", "Authentication"),
    "operations": Said("请求", "請求", "Requests"),
    "schemas": Said("数据结构", "資料結構", "Schemas"),
    "codes": Said("问题代码", "問題代碼", "Problem codes"),
    "codes_lead": Said(
        "每个错误都是一份问题文档（RFC 9457），其中 code 不会改变。",
        "每個錯誤都是一份問題文件（RFC 9457），其中 code 不會改變。",
        "Every error is a problem document (RFC 9457); its code never changes.",
    ),
    "parameters": Said("参数", "參數", "Parameters"),
    "body": Said("请求内容", "請求內容", "Body"),
    "answers": Said("回答", "回應", "Answers"),
    "example": Said("示例", "示例", "Example"),
    "required": Said("必填", "必填", "required"),
    "needs_assertion": Said("须验证身份", "須驗證身份", "authenticated"),
    "open": Said("无须登录", "無須登入", "open"),
    "field": Said("字段", "欄位", "Field"),
    "kind": Said("类型", "類型", "Type"),
    "meaning": Said("含义", "含義", "Meaning"),
    "code": Said("代码", "代碼", "Code"),
    "status": Said("HTTP 状态", "HTTP 狀態", "HTTP status"),
}

ENVIRONMENTS: Final[Mapping[str, Said]] = {
    "production": Said("正式", "正式", "production"),
    "test": Said("测试", "測試", "test"),
    "demo": Said("演示", "示範", "demonstration"),
}
