"""The change of lead: handed over and accepted, or taken over from a silent one (Art. 3, decided)."""

from __future__ import annotations

from portal.blueprints.consultation.acts import add_act
from portal.services.consultation import handover as step

add_act("hand_over_lead", step.hand_over_lead, path="handover", done="已提出移交，等待对方接收。", reason="移交理由",
        says=("对方接收后，由对方牵头；接收以前仍由本单位牵头。", "正在计算的期限不变。"))  # fmt: skip
add_act("accept_lead", step.accept_lead, path="handover", done="已接收，这项会诊由本单位牵头。",
        says=("这项会诊改由本单位牵头，牵头单位待办理的事项一并移交，期限不变。",))  # fmt: skip
add_act("take_over_lead", step.take_over_lead, path="handover", done="已接替牵头，请尽快办理逾期事项。",
        says=("原牵头单位逾期未办理，由轮值顺序中的下一机构接替。", "待办理的事项一并移交，期限不变。"))  # fmt: skip
