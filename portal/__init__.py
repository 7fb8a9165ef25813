"""The portal for 长三角缺陷消费品专家会诊: expert consultations on possibly dangerous consumer products."""
