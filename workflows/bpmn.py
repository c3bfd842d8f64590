def bpmn_xml(lifecycle) -> str:
    return ""
