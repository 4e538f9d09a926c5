from pulumi.runtime.proto import alias_pb2

from lab.deployer import urns

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
COMPONENT = "urn:pulumi:dev::shop::test:index:Maps::maps"


def test_urns_are_those_of_the_engine() -> None:
    assert urns.make("dev", "shop", "", urns.STACK_TYPE, "shop-dev") == STACK
    assert urns.make("dev", "shop", STACK, "test:index:Maps", "maps") == COMPONENT
    child = urns.make("dev", "shop", COMPONENT, "test:index:Inner", "inner")
    assert child == "urn:pulumi:dev::shop::test:index:Maps$test:index:Inner::inner"
    grandchild = urns.make("dev", "shop", child, "a:b:C", "c")
    assert grandchild == "urn:pulumi:dev::shop::test:index:Maps$test:index:Inner$a:b:C::c"


def test_an_alias_may_be_a_urn_or_say_what_was_different() -> None:
    given = [
        alias_pb2.Alias(urn="urn:pulumi:dev::shop::x:y:Z::z"),
        alias_pb2.Alias(spec=alias_pb2.Alias.Spec(name="old")),
        alias_pb2.Alias(spec=alias_pb2.Alias.Spec(noParent=True)),
    ]
    urn = urns.make("dev", "shop", COMPONENT, "a:b:C", "new")
    assert urns.former(urn, COMPONENT, "a:b:C", given, []) == [
        "urn:pulumi:dev::shop::x:y:Z::z",
        "urn:pulumi:dev::shop::test:index:Maps$a:b:C::old",
        "urn:pulumi:dev::shop::a:b:C::new",
    ]


def test_children_follow_their_parents_alias() -> None:
    parent = urns.make("dev", "shop", STACK, "test:index:Maps", "charts")
    urn = urns.make("dev", "shop", parent, "a:b:C", "charts-one")
    assert urns.former(urn, parent, "a:b:C", [], [COMPONENT]) == [
        "urn:pulumi:dev::shop::test:index:Maps$a:b:C::maps-one"
    ]
