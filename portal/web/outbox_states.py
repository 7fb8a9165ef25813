"""How pages call what became of a message, and how components/tables.html marks it."""

STATES = {
    "queued": ("待发送", "wait"),
    "sending": ("发送中", "wait"),
    "sent": ("已发送", "done"),
    "failed": ("发送失败", "over"),
    "uncertain": ("结果不明", "soon"),
    "bounced": ("被退回", "over"),
    "collected": ("等待汇总", "wait"),
    "digested": ("已列入汇总", "done"),
    "withdrawn": ("不再需要，未发送", "wait"),
    "muted": ("本人不收此类", "wait"),
}
