from __future__ import annotations

import pytest

from gateway.releases.layout import find_release_id, is_file_path, is_product_name, slice_path


@pytest.mark.parametrize(
    "path", ["cube.arrow", "cube.parquet", "area=39/part-0.parquet", slice_path("06")]
)
def test_knows_the_paths_of_a_release(path):
    assert is_file_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "../cube.arrow",
        "area=39/../cube.arrow",
        "area=39//part-0.parquet",
        "/cube.arrow",
        "area=390/part-0.parquet",
        "area=39/a/part-0.parquet",
        "area=39",
        ".hidden",
        "area=39/.hidden",
        "cube.arrow\n",
        "cube..arrow",
        "cube.arrow\0",
        "manifest.json",
        "CUBE.ARROW",
        "a" * 300,
    ],
)
def test_refuses_every_other_path(path):
    assert not is_file_path(path)


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "A", "-a", "a-", "a--b", "a\n", "å", "1a"])
def test_refuses_names_that_are_no_products(name):
    assert not is_product_name(name)


@pytest.mark.parametrize(
    "folder", [".staging-2026-06-30.1", "latest", "2026-06-30", "2026-06-30.01", "2026-06-31.1", ""]
)
def test_foreign_folders_are_no_releases(folder):
    assert find_release_id(folder) is None


def test_knows_a_release_folder():
    assert str(find_release_id("2026-06-30.12")) == "2026-06-30.12"
