"""How the documentation is built: ``python -m sphinx -W -n docs docs/_build/html``.

Nothing is fetched from the network: no inventories of other projects, no fonts, no scripts.
"""

from __future__ import annotations

import os

import cytomon

# The notebook's kernel is a process of its own; its talk about debugging is nobody's concern.
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")

project = "cytomon"
author = "The cytomon developers"
project_copyright = "The cytomon developers, Apache-2.0"
version = release = cytomon.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc"]
exclude_patterns = ["_build", "jupyter_execute"]
root_doc = "index"
default_role = "literal"

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nb_execution_mode = "force"
nb_execution_raise_on_error = True
nb_execution_timeout = 300
nb_execution_show_tb = True
nb_merge_streams = True

autosummary_generate = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "cytomon"
html_static_path = ["_static"]
html_css_files = ["cytomon.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
